// Files of text. Workers encode and, where it can be done piece by piece, compress; the writer puts
// the pieces together, cuts them where a part ends, and writes what stands around rows.
#include <algorithm>

#include "output/compression.h"
#include "output/rows_output.h"
#include "output/text_piece.h"
#include "table/format/framing.h"

namespace kiln::output {
namespace {

class TextRows final : public RowsOutput {
 public:
  TextRows(const Layout& layout, std::unique_ptr<table::Encoder> encoder,
           std::unique_ptr<Files> files, unsigned threads)
      : layout_(layout),
        threads_(threads),
        encoder_(std::move(encoder)),
        source_(std::move(files)) {}

  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    auto piece = pieces_.take();
    encoder_->encode(batch, piece->bytes, can_be_cut() ? &piece->row_ends : nullptr);
    piece->prepared = prepare(layout_.compression, piece->bytes);
    piece->rows = batch.rows();
    piece->memory = piece->bytes.capacity() + piece->row_ends.capacity() * sizeof(size_t) +
                    piece->prepared.capacity();
    return std::unique_ptr<engine::Piece>(std::move(piece));
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    std::unique_ptr<TextPiece> text(static_cast<TextPiece*>(piece.release()));
    KILN_TRY(write_rows(*text, std::min(text->rows, limit)));
    pieces_.give_back(std::move(text));
    return {};
  }

  base::Status finish() override {
    if (!file_) KILN_TRY(begin_part());  // also without rows there is one file
    return finish_part();
  }

 private:
  bool can_be_cut() const { return layout_.limited || layout_.part_rows != 0; }

  base::Status write_rows(const TextPiece& text, uint64_t rows) {
    for (uint64_t begin = 0; begin < rows;) {
      if (file_ && rows_ == layout_.part_rows && rows_ != 0) KILN_TRY(finish_part());
      if (!file_) KILN_TRY(begin_part());
      const uint64_t end =
          layout_.part_rows == 0 ? rows : std::min(rows, begin + layout_.part_rows - rows_);
      KILN_TRY(put(framing_->before_piece()));
      if (begin == 0 && end == text.rows) {
        KILN_TRY(put(text.bytes, text.prepared));
      } else {
        KILN_TRY(put(rows_of(text, begin, end)));
      }
      rows_ += end - begin;
      begin = end;
    }
    return {};
  }

  /// The bytes of rows [begin, end) without what separates them from the row before.
  std::string_view rows_of(const TextPiece& text, uint64_t begin, uint64_t end) const {
    const size_t first = begin == 0 ? 0 : text.row_ends[begin - 1] + encoder_->separator().size();
    return std::string_view(text.bytes).substr(first, text.row_ends[end - 1] - first);
  }

  base::Status put(std::string_view text, std::string_view prepared = {}) {
    if (text.empty()) return {};
    return compressor_ ? compressor_->add(text, prepared, *file_) : file_->write(text);
  }

  base::Status begin_part() {
    part_ = layout_.part_rows == 0 ? 0 : files_.size() + 1;
    KILN_ASSIGN(file_, source_->create(part_));
    compressor_ = make_compressor(layout_.compression, threads_);
    framing_.emplace(*encoder_);
    return put(framing_->begin());
  }

  base::Status finish_part() {
    KILN_TRY(put(framing_->end()));
    if (compressor_) KILN_TRY(compressor_->finish(*file_));
    KILN_TRY(file_->finish());
    files_.push_back({part_, std::exchange(rows_, 0), file_->written()});
    file_.reset();
    return {};
  }

  const Layout layout_;
  const unsigned threads_;
  const std::unique_ptr<table::Encoder> encoder_;
  const std::unique_ptr<Files> source_;
  TextPieces pieces_;
  // Of the part at hand; no file between parts.
  std::unique_ptr<File> file_;
  std::unique_ptr<Compressor> compressor_;
  std::optional<table::Framing> framing_;
  uint64_t part_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<RowsOutput>> open_text(const Layout& layout,
                                                    const table::Schema& schema,
                                                    std::unique_ptr<Files> files,
                                                    Writers& writers) {
  auto encoder = traits_of(layout.format).make_encoder(schema, layout.text);
  return std::unique_ptr<RowsOutput>(
      new TextRows(layout, std::move(encoder), std::move(files), writers.threads()));
}

}  // namespace kiln::output
