#include "dataset/byte_stream.h"

#include <cstring>
#include <vector>

#include <isa-l.h>
#include <zstd.h>

namespace kiln::dataset {
namespace {

constexpr size_t kChunk = 256 * 1024;

base::Error damaged(const OpenFilePtr& file, const char* what) {
  return base::Error(base::ErrorCode::kInvalid, what).at({name_of(file->input()), 0, 0});
}

class PlainStream final : public ByteStream {
 public:
  PlainStream(OpenFilePtr file, std::stop_token stop)
      : file_(std::move(file)), stop_(std::move(stop)) {}

  base::Result<size_t> read(char* to, size_t size) override {
    auto got = file_->seekable() ? file_->read_at(to, size, offset_, stop_)
                                 : file_->read_next(to, size, stop_);
    if (got.ok()) offset_ += *got;
    return got;
  }
  uint64_t consumed() const override { return offset_; }

 private:
  OpenFilePtr file_;
  std::stop_token stop_;
  uint64_t offset_ = 0;
};

/// Bytes that were read to look at, then the rest.
class PeekedStream final : public ByteStream {
 public:
  PeekedStream(std::unique_ptr<ByteStream> rest, std::string head)
      : rest_(std::move(rest)), head_(std::move(head)) {}

  base::Result<size_t> read(char* to, size_t size) override {
    if (taken_ == head_.size()) return rest_->read(to, size);
    const size_t count = std::min(size, head_.size() - taken_);
    std::memcpy(to, head_.data() + taken_, count);
    taken_ += count;
    return count;
  }
  uint64_t consumed() const override { return rest_->consumed(); }

 private:
  std::unique_ptr<ByteStream> rest_;
  std::string head_;
  size_t taken_ = 0;
};

/// gzip by ISA-L, several members one after the other.
class GzipStream final : public ByteStream {
 public:
  GzipStream(OpenFilePtr file, std::unique_ptr<ByteStream> source)
      : file_(std::move(file)), source_(std::move(source)), input_(kChunk) {
    isal_inflate_init(&state_);
    begin_member();
  }

  base::Result<size_t> read(char* to, size_t size) override {
    state_.next_out = reinterpret_cast<uint8_t*>(to);
    state_.avail_out = static_cast<uint32_t>(std::min<size_t>(size, 1U << 30));
    const uint32_t wanted = state_.avail_out;
    while (state_.avail_out == wanted) {
      if (state_.avail_in == 0 && !at_end_) KILN_TRY(fill());
      if (in_header_ && (state_.avail_in != 0 || !at_end_)) {
        KILN_TRY(read_header());
        continue;
      }
      if (state_.block_state == ISAL_BLOCK_FINISH) {
        if (at_end_ && state_.avail_in == 0) return size_t{0};
        next_member();
        continue;
      }
      if (state_.avail_in == 0 && at_end_) return damaged(file_, "the gzip data is truncated");
      if (isal_inflate(&state_) < 0) return damaged(file_, "the gzip data is damaged");
    }
    return size_t{wanted - state_.avail_out};
  }
  uint64_t consumed() const override { return source_->consumed(); }

 private:
  base::Status fill() {
    KILN_ASSIGN(const size_t got, source_->read(input_.data(), input_.size()));
    at_end_ = got == 0;
    state_.next_in = reinterpret_cast<uint8_t*>(input_.data());
    state_.avail_in = static_cast<uint32_t>(got);
    return {};
  }

  void begin_member() {
    // isal_inflate() itself would forget half a header that comes in two pieces.
    state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header_init(&header_);
    in_header_ = true;
  }

  base::Status read_header() {
    const int got = isal_read_gzip_header(&state_, &header_);
    if (got != ISAL_DECOMP_OK && got != ISAL_END_INPUT) {
      return damaged(file_, "the gzip data is damaged");
    }
    in_header_ = got == ISAL_END_INPUT;
    return {};
  }

  void next_member() {
    uint8_t* const next_out = state_.next_out;
    const uint32_t avail_out = state_.avail_out;
    uint8_t* const next_in = state_.next_in;
    const uint32_t avail_in = state_.avail_in;
    isal_inflate_reset(&state_);
    begin_member();
    state_.next_out = next_out;
    state_.avail_out = avail_out;
    state_.next_in = next_in;
    state_.avail_in = avail_in;
  }

  OpenFilePtr file_;
  std::unique_ptr<ByteStream> source_;
  std::vector<char> input_;
  inflate_state state_{};
  isal_gzip_header header_{};
  bool in_header_ = true;
  bool at_end_ = false;
};

class ZstdStream final : public ByteStream {
 public:
  ZstdStream(OpenFilePtr file, std::unique_ptr<ByteStream> source)
      : file_(std::move(file)),
        source_(std::move(source)),
        input_(kChunk),
        context_(ZSTD_createDStream(), ZSTD_freeDStream) {
    // A frame may ask for no more memory than 128 MiB.
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 27);
  }

  base::Result<size_t> read(char* to, size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size) {
        KILN_ASSIGN(const size_t got, source_->read(input_.data(), input_.size()));
        if (got == 0) {
          if (in_frame_) return damaged(file_, "the zstd data is truncated");
          return size_t{0};
        }
        in_ = {input_.data(), got, 0};
      }
      const size_t hint = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(hint) != 0) return damaged(file_, "the zstd data is damaged");
      in_frame_ = hint != 0;
    }
    return out.pos;
  }
  uint64_t consumed() const override { return source_->consumed(); }

 private:
  OpenFilePtr file_;
  std::unique_ptr<ByteStream> source_;
  std::vector<char> input_;
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> context_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool in_frame_ = false;
};

}  // namespace

base::Result<std::unique_ptr<ByteStream>> open_stream(const OpenFilePtr& file,
                                                      std::stop_token stop) {
  std::unique_ptr<ByteStream> plain = std::make_unique<PlainStream>(file, std::move(stop));
  Format format = file->format();
  if (!file->seekable()) {
    std::string head(kFormatBytes, '\0');
    size_t got = 0;
    while (got < head.size()) {
      KILN_ASSIGN(const size_t more, plain->read(head.data() + got, head.size() - got));
      if (more == 0) break;
      got += more;
    }
    head.resize(got);
    format = format_of(head);
    plain = std::make_unique<PeekedStream>(std::move(plain), std::move(head));
  }
  if (!format.foreign.empty()) {
    return base::Error(base::ErrorCode::kInvalid,
                       "neither NDJSON nor JSON, plain or compressed by gzip or zstd, but " +
                           std::string(format.foreign))
        .at({name_of(file->input()), 0, 0});
  }
  switch (format.compression) {
    case Compression::kGzip:
      return std::unique_ptr<ByteStream>(new GzipStream(file, std::move(plain)));
    case Compression::kZstd:
      return std::unique_ptr<ByteStream>(new ZstdStream(file, std::move(plain)));
    case Compression::kNone:
      break;
  }
  return plain;
}

}  // namespace kiln::dataset
