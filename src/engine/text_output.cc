#include <algorithm>

#include "engine/text_piece.h"

namespace kiln::engine {
namespace {

class TextOutput final : public Output {
 public:
  TextOutput(std::unique_ptr<table::Encoder> encoder, std::unique_ptr<ByteSink> sink, bool limited)
      : encoder_(std::move(encoder)), sink_(std::move(sink)), limited_(limited) {}

  base::Result<std::unique_ptr<Piece>> encode(const table::Batch& batch) override {
    return std::unique_ptr<Piece>(encode_text(*encoder_, batch, limited_, pieces_));
  }

  base::Status write(std::unique_ptr<Piece> piece, uint64_t limit) override {
    std::unique_ptr<TextPiece> text(static_cast<TextPiece*>(piece.release()));
    KILN_TRY(begin());
    std::string_view bytes = text->bytes;
    if (text->rows > limit) {
      bytes = bytes.substr(0, limit == 0 ? 0 : text->row_ends[limit - 1]);
    }
    if (!bytes.empty()) {
      const std::string_view between = any_rows_ ? encoder_->separator() : encoder_->before_rows();
      if (!between.empty()) KILN_TRY(sink_->write(between));
      any_rows_ = true;
      KILN_TRY(sink_->write(bytes));
    }
    pieces_.give_back(std::move(text));
    return {};
  }

  base::Status finish() override {
    KILN_TRY(begin());
    if (any_rows_ && !encoder_->after_rows().empty()) {
      KILN_TRY(sink_->write(encoder_->after_rows()));
    }
    if (!encoder_->suffix().empty()) KILN_TRY(sink_->write(encoder_->suffix()));
    return sink_->finish();
  }

 private:
  base::Status begin() {
    if (begun_) return {};
    begun_ = true;
    const std::string prefix = encoder_->prefix();
    return prefix.empty() ? base::Status() : sink_->write(prefix);
  }

  const std::unique_ptr<table::Encoder> encoder_;
  const std::unique_ptr<ByteSink> sink_;
  const bool limited_;
  bool begun_ = false;
  bool any_rows_ = false;
  TextPieces pieces_;
};

}  // namespace

std::unique_ptr<TextPiece> encode_text(const table::Encoder& encoder, const table::Batch& batch,
                                       bool with_row_ends, TextPieces& pieces) {
  auto piece = pieces.take();
  encoder.encode(batch, piece->bytes, with_row_ends ? &piece->row_ends : nullptr);
  piece->rows = batch.rows();
  piece->memory = piece->bytes.capacity() + piece->row_ends.capacity() * sizeof(size_t);
  return piece;
}

std::unique_ptr<Output> make_text_output(table::Format format, const table::Schema& schema,
                                         table::EncodeOptions options,
                                         std::unique_ptr<ByteSink> sink, bool limited) {
  return make_text_output(table::make_encoder(format, schema, options), std::move(sink), limited);
}

std::unique_ptr<Output> make_text_output(std::unique_ptr<table::Encoder> encoder,
                                         std::unique_ptr<ByteSink> sink, bool limited) {
  return std::make_unique<TextOutput>(std::move(encoder), std::move(sink), limited);
}

}  // namespace kiln::engine
