// Parquet: DuckDB writes each file, where it can be written, or in the scratch folder and then to
// where only bytes can go.
#include <algorithm>
#include <optional>

#include "engine/rows_stream.h"
#include "output/rows_output.h"
#include "output/scratch_file.h"

namespace kiln::output {
namespace {

class ParquetRows final : public RowsOutput {
 public:
  ParquetRows(const Layout& layout, const table::Schema& schema, std::unique_ptr<Files> files,
              Writers& writers)
      : part_rows_(layout.part_rows),
        schema_(schema),
        source_(std::move(files)),
        writers_(writers) {}

  table::Values values() const override { return table::Values::kTyped; }

  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    return encoder_->encode(batch);
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    for (uint64_t left = std::min(piece->rows, limit); left != 0;) {
      if (part_rows_ != 0 && rows_ == part_rows_) {
        KILN_TRY(finish_part());
        KILN_TRY(begin_part());
      }
      const uint64_t rows = part_rows_ == 0 ? left : std::min(left, part_rows_ - rows_);
      std::unique_ptr<engine::Piece> rest;
      if (rows < piece->rows) rest = static_cast<engine::RowsPiece&>(*piece).split(rows);
      KILN_TRY(parquet_->write(std::move(piece), rows));
      piece = std::move(rest);
      rows_ += rows;
      left -= rows;
    }
    return {};
  }

  base::Status finish() override { return finish_part(); }

  base::Status begin_part() {
    rows_ = 0;
    part_ = part_rows_ == 0 ? 0 : files_.size() + 1;
    KILN_ASSIGN(file_, source_->create(part_));
    std::string path = file_->path();
    if (path.empty()) path = scratch_.emplace(writers_.scratch_path()).path();
    KILN_ASSIGN(parquet_, writers_.parquet().open(path, schema_));
    // Encoding does not depend on the file, and workers encode while a part is being finished.
    if (!encoder_) encoder_ = parquet_;
    return {};
  }

 private:
  base::Status finish_part() {
    KILN_TRY(parquet_->finish());
    if (scratch_) {
      KILN_TRY(scratch_->read([&](std::string_view bytes) { return file_->write(bytes); }));
      scratch_.reset();
    }
    KILN_TRY(file_->finish());
    files_.push_back({part_, rows_, file_->written()});
    return {};
  }

  const uint64_t part_rows_;
  const table::Schema& schema_;
  const std::unique_ptr<Files> source_;
  Writers& writers_;
  std::shared_ptr<engine::Output> encoder_;
  // Of the part at hand. DuckDB's file is removed unless it was finished, before what holds it.
  std::unique_ptr<File> file_;
  std::optional<ScratchFile> scratch_;
  std::shared_ptr<engine::Output> parquet_;
  uint64_t part_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<RowsOutput>> open_parquet(const Layout& layout,
                                                       const table::Schema& schema,
                                                       std::unique_ptr<Files> files,
                                                       Writers& writers) {
  auto output = std::make_unique<ParquetRows>(layout, schema, std::move(files), writers);
  KILN_TRY(output->begin_part());
  return std::unique_ptr<RowsOutput>(std::move(output));
}

}  // namespace kiln::output
