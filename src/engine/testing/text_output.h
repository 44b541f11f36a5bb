// Rows as text into a sink, for tests of the pipeline. Programs take output::Writers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/byte_sink.h"
#include "engine/output.h"
#include "table/format/framing.h"

namespace kiln::engine {

class TextOutput final : public Output {
 public:
  TextOutput(std::unique_ptr<table::Encoder> encoder, std::unique_ptr<ByteSink> sink)
      : encoder_(std::move(encoder)), framing_(*encoder_), sink_(std::move(sink)) {}

  base::Result<std::unique_ptr<Piece>> encode(table::Batch& batch) override {
    auto piece = std::make_unique<TextPiece>();
    encoder_->encode(batch, piece->bytes, &piece->row_ends);
    piece->rows = batch.rows();
    piece->memory = piece->bytes.capacity();
    return std::unique_ptr<Piece>(std::move(piece));
  }
  base::Status write(std::unique_ptr<Piece> piece, uint64_t limit) override {
    const auto& text = static_cast<const TextPiece&>(*piece);
    const uint64_t rows = std::min(text.rows, limit);
    if (!begun_) KILN_TRY(put(framing_.begin()));
    begun_ = true;
    if (rows == 0) return {};
    KILN_TRY(put(framing_.before_piece()));
    return put(std::string_view(text.bytes).substr(0, text.row_ends[rows - 1]));
  }
  base::Status finish() override {
    if (!begun_) KILN_TRY(put(framing_.begin()));
    KILN_TRY(put(framing_.end()));
    return sink_->finish();
  }

 private:
  struct TextPiece final : public Piece {
    std::string bytes;
    std::vector<size_t> row_ends;
  };
  base::Status put(std::string_view bytes) {
    return bytes.empty() ? base::Status() : sink_->write(bytes);
  }

  const std::unique_ptr<table::Encoder> encoder_;
  table::Framing framing_;
  const std::unique_ptr<ByteSink> sink_;
  bool begun_ = false;
};

inline std::unique_ptr<Output> make_text_output(table::Format format, const table::Schema& schema,
                                                std::unique_ptr<ByteSink> sink) {
  return std::make_unique<TextOutput>(table::make_encoder(format, schema, {}), std::move(sink));
}

}  // namespace kiln::engine
