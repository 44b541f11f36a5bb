#include "engine/compressed_sink.h"

#include <algorithm>
#include <vector>

#include <isa-l.h>
#include <zstd.h>

namespace kiln::engine {
namespace {

constexpr size_t kBufferSize = 256 * 1024;

class GzipSink final : public ByteSink {
 public:
  explicit GzipSink(std::unique_ptr<ByteSink> sink)
      : sink_(std::move(sink)), level_buffer_(ISAL_DEF_LVL1_DEFAULT), out_(kBufferSize) {
    isal_deflate_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.level = 1;
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = static_cast<uint32_t>(level_buffer_.size());
  }

  base::Status write(std::string_view bytes) override {
    static constexpr size_t kPiece = size_t{1} << 30;  // the library counts in 32 bits
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
      KILN_TRY(deflate(bytes.substr(0, kPiece), false));
    }
    return {};
  }

  base::Status finish() override {
    KILN_TRY(deflate({}, true));
    return sink_->finish();
  }

 private:
  base::Status deflate(std::string_view bytes, bool end) {
    stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uint32_t>(bytes.size());
    stream_.end_of_stream = end ? 1 : 0;
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uint32_t>(out_.size());
      if (isal_deflate(&stream_) != COMP_OK) {
        return base::Error(base::ErrorCode::kInternal, "gzip failed");
      }
      const size_t size = out_.size() - stream_.avail_out;
      if (size != 0) {
        KILN_TRY(sink_->write({reinterpret_cast<const char*>(out_.data()), size}));
      }
    } while (stream_.avail_out == 0 || stream_.avail_in != 0);
    return {};
  }

  const std::unique_ptr<ByteSink> sink_;
  std::vector<uint8_t> level_buffer_;
  std::vector<uint8_t> out_;
  isal_zstream stream_{};
};

class ZstdSink final : public ByteSink {
 public:
  explicit ZstdSink(std::unique_ptr<ByteSink> sink)
      : sink_(std::move(sink)), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdSink() override { ZSTD_freeCCtx(context_); }

  base::Status write(std::string_view bytes) override { return compress(bytes, ZSTD_e_continue); }
  base::Status finish() override {
    KILN_TRY(compress({}, ZSTD_e_end));
    return sink_->finish();
  }

 private:
  base::Status compress(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const size_t left = ZSTD_compressStream2(context_, &out, &in, directive);
      if (ZSTD_isError(left) != 0) {
        return base::Error(base::ErrorCode::kInternal,
                           std::string("zstd failed: ") + ZSTD_getErrorName(left));
      }
      if (out.pos != 0) KILN_TRY(sink_->write({out_.data(), out.pos}));
      if (in.pos == in.size && (directive == ZSTD_e_continue || left == 0)) return {};
    }
  }

  const std::unique_ptr<ByteSink> sink_;
  ZSTD_CCtx* const context_;
  std::vector<char> out_;
};

}  // namespace

std::unique_ptr<ByteSink> make_gzip_sink(std::unique_ptr<ByteSink> sink) {
  return std::make_unique<GzipSink>(std::move(sink));
}

std::unique_ptr<ByteSink> make_zstd_sink(std::unique_ptr<ByteSink> sink) {
  return std::make_unique<ZstdSink>(std::move(sink));
}

}  // namespace kiln::engine
