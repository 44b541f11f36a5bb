// A gzip file is one member whose deflate blocks come from the workers: each ends on a byte and
// refers to nothing before it, so that they can be put one after the other (as pigz does). Only the
// check sum runs over all of the text. A zstd frame cannot be put together from parts with the
// library's public functions; there the library's own threads compress parts of the one frame.
#include "output/compression.h"

#include <algorithm>
#include <vector>

#include <isa-l.h>
#include <zstd.h>

namespace kiln::output {
namespace {

base::Error failed(const char* what) {
  return base::Error(base::ErrorCode::kInternal, std::string(what) + " failed");
}

/// Raw deflate that ends on a byte, without a last block.
base::Status deflate_flushed(std::string_view text, std::string& out) {
  static constexpr size_t kPiece = size_t{1} << 30;  // the library counts in 32 bits
  // Not cleared: the library does not ask for it.
  const std::unique_ptr<uint8_t[]> level_buffer(new uint8_t[ISAL_DEF_LVL1_DEFAULT]);
  isal_zstream stream{};
  isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_DEFLATE;
  stream.flush = FULL_FLUSH;
  stream.level = 1;
  stream.level_buf = level_buffer.get();
  stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  size_t used = 0;
  for (; !text.empty(); text.remove_prefix(std::min(kPiece, text.size()))) {
    const std::string_view piece = text.substr(0, kPiece);
    stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<uint32_t>(piece.size());
    do {
      const size_t room = std::max<size_t>(4096, piece.size() / 4);
      out.resize(used + room);
      stream.next_out = reinterpret_cast<uint8_t*>(out.data()) + used;
      stream.avail_out = static_cast<uint32_t>(room);
      if (isal_deflate(&stream) != COMP_OK) return failed("gzip");
      used += room - stream.avail_out;
    } while (stream.avail_out == 0 || stream.avail_in != 0);
  }
  out.resize(used);
  return {};
}

void append_little_endian(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xff);
}

class Gzip final : public Compressor {
 public:
  base::Status add(std::string_view text, std::string_view prepared,
                   engine::ByteSink& to) override {
    if (text.empty()) return {};
    KILN_TRY(begin(to));
    crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const uint8_t*>(text.data()), text.size());
    size_ += static_cast<uint32_t>(text.size());  // modulo 2^32 (RFC 1952)
    if (!prepared.empty()) return to.write(prepared);
    std::string now;
    KILN_TRY(deflate_flushed(text, now));
    return to.write(now);
  }

  base::Status finish(engine::ByteSink& to) override {
    KILN_TRY(begin(to));
    std::string end("\x03\0", 2);  // a last block without anything
    append_little_endian(end, crc_);
    append_little_endian(end, size_);
    return to.write(end);
  }

 private:
  base::Status begin(engine::ByteSink& to) {
    if (begun_) return {};
    begun_ = true;
    // Deflate, no flags, no time, "fastest", an unknown system (RFC 1952 §2.3).
    static constexpr std::string_view kHeader("\x1f\x8b\x08\0\0\0\0\0\x04\xff", 10);
    return to.write(kHeader);
  }

  bool begun_ = false;
  uint32_t crc_ = 0;
  uint32_t size_ = 0;
};

class Zstd final : public Compressor {
 public:
  explicit Zstd(unsigned threads) : context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
    // At least one, so that the bytes are the same for any number of them. A library that was
    // built without threads refuses, and compresses all the same.
    ZSTD_CCtx_setParameter(context_, ZSTD_c_nbWorkers, static_cast<int>(std::max(1U, threads)));
  }
  ~Zstd() override { ZSTD_freeCCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  base::Status add(std::string_view text, std::string_view, engine::ByteSink& to) override {
    return compress(text, ZSTD_e_continue, to);
  }
  base::Status finish(engine::ByteSink& to) override { return compress({}, ZSTD_e_end, to); }

 private:
  base::Status compress(std::string_view text, ZSTD_EndDirective directive, engine::ByteSink& to) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const size_t left = ZSTD_compressStream2(context_, &out, &in, directive);
      if (ZSTD_isError(left) != 0) return failed("zstd");
      if (out.pos != 0) KILN_TRY(to.write({out_.data(), out.pos}));
      if (in.pos == in.size && (directive == ZSTD_e_continue || left == 0)) return {};
    }
  }

  ZSTD_CCtx* const context_;
  std::vector<char> out_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(Compression compression, unsigned threads) {
  switch (compression) {
    case Compression::kNone:
      return nullptr;
    case Compression::kGzip:
      return std::make_unique<Gzip>();
    case Compression::kZstd:
      return std::make_unique<Zstd>(threads);
  }
  return nullptr;
}

std::string prepare(Compression compression, std::string_view text) {
  std::string prepared;
  // What fails here fails again, and is told, when the text is added.
  if (compression == Compression::kGzip && !deflate_flushed(text, prepared).ok()) prepared.clear();
  return prepared;
}

}  // namespace kiln::output
