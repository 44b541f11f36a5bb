#include "api/export_output.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "api/scratch_file.h"
#include "engine/compressed_sink.h"
#include "engine/text_piece.h"
#include "sql/parquet_output.h"

namespace kiln::api {
namespace {

/// Whatever the sink says, the client could not have asked otherwise.
base::Error not_stored(const base::Error& error) {
  if (error.code() == base::ErrorCode::kCancelled) return error.clone();
  return base::Error(base::ErrorCode::kUnavailable, error.to_string());
}

/// Bytes into an object of the sink; tells what was stored when it has been finished.
class ObjectSink final : public engine::ByteSink {
 public:
  ObjectSink(std::unique_ptr<sink::ObjectWriter> writer, sink::StoredObject& stored)
      : writer_(std::move(writer)), stored_(stored) {}
  base::Status write(std::string_view bytes) override {
    const base::Status status = writer_->write(bytes);
    return status.ok() ? base::Status() : not_stored(status.error());
  }
  base::Status finish() override {
    const auto stored = writer_->finish();
    if (!stored.ok()) return not_stored(stored.error());
    stored_ = *stored;
    return {};
  }

 private:
  const std::unique_ptr<sink::ObjectWriter> writer_;
  sink::StoredObject& stored_;
};

/// `stored` is told when the object has been finished.
base::Result<std::unique_ptr<engine::ByteSink>> create_object(const ExportTarget& target,
                                                              const std::string& name,
                                                              sink::StoredObject& stored) {
  const job::Attempt& attempt = target.attempt;
  auto writer = attempt.sink.create({attempt.job.id.text, attempt.number, name}, attempt.stop);
  if (!writer.ok()) return not_stored(writer.error());
  return std::unique_ptr<engine::ByteSink>(new ObjectSink(std::move(writer).value(), stored));
}

/// CSV, NDJSON, JSON.
class TextExport final : public ExportOutput {
 public:
  explicit TextExport(const ExportTarget& target)
      : target_(target),
        encoder_(table::make_encoder(target.request.format, target.schema,
                                     {target.request.header, false})) {}

  base::Result<std::unique_ptr<engine::Piece>> encode(const table::Batch& batch) override {
    return std::unique_ptr<engine::Piece>(
        engine::encode_text(*encoder_, batch, target_.part_rows != 0, pieces_));
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    std::unique_ptr<engine::TextPiece> text(static_cast<engine::TextPiece*>(piece.release()));
    KILN_TRY(write_rows(*text, std::min(text->rows, limit)));
    pieces_.give_back(std::move(text));
    return {};
  }

  base::Status finish() override {
    if (!sink_) KILN_TRY(begin_part());  // also without rows there is one file
    return finish_part();
  }

 private:
  base::Status write_rows(const engine::TextPiece& text, uint64_t rows) {
    if (target_.part_rows == 0) return append(text.bytes, rows);
    for (uint64_t begin = 0; begin < rows;) {
      if (sink_ && rows_ == target_.part_rows) KILN_TRY(finish_part());
      const uint64_t end = std::min(rows, begin + target_.part_rows - rows_);
      KILN_TRY(append(rows_of(text, begin, end), end - begin));
      begin = end;
    }
    return {};
  }

  /// The bytes of rows [begin, end) without what separates them from the row before.
  std::string_view rows_of(const engine::TextPiece& text, uint64_t begin, uint64_t end) const {
    const size_t first = begin == 0 ? 0 : text.row_ends[begin - 1] + encoder_->separator().size();
    return std::string_view(text.bytes).substr(first, text.row_ends[end - 1] - first);
  }

  base::Status append(std::string_view bytes, uint64_t rows) {
    if (rows == 0) return {};
    if (!sink_) KILN_TRY(begin_part());
    const std::string_view between = rows_ == 0 ? encoder_->before_rows() : encoder_->separator();
    if (!between.empty()) KILN_TRY(sink_->write(between));
    rows_ += rows;
    return sink_->write(bytes);
  }

  base::Status begin_part() {
    const uint64_t part = target_.part_rows == 0 ? 0 : files_.size() + 1;
    file_ = {};
    file_.output = target_.view.output;
    file_.name = file_name(target_.view.file, target_.request, part);
    file_.media_type = std::string(table::media_type(target_.request.format));
    KILN_ASSIGN(sink_, create_object(target_, file_.name, stored_));
    if (target_.request.compression == FileCompression::kGzip) {
      sink_ = engine::make_gzip_sink(std::move(sink_));
      file_.media_type = "application/gzip";
    } else if (target_.request.compression == FileCompression::kZstd) {
      sink_ = engine::make_zstd_sink(std::move(sink_));
      file_.media_type = "application/zstd";
    }
    const std::string prefix = encoder_->prefix();
    return prefix.empty() ? base::Status() : sink_->write(prefix);
  }

  base::Status finish_part() {
    if (rows_ != 0 && !encoder_->after_rows().empty()) {
      KILN_TRY(sink_->write(encoder_->after_rows()));
    }
    if (!encoder_->suffix().empty()) KILN_TRY(sink_->write(encoder_->suffix()));
    KILN_TRY(sink_->finish());
    sink_.reset();
    file_.rows = std::exchange(rows_, 0);
    file_.size = stored_.size;
    file_.sha256 = stored_.sha256;
    files_.push_back(std::move(file_));
    return {};
  }

  const ExportTarget target_;
  const std::unique_ptr<table::Encoder> encoder_;
  engine::TextPieces pieces_;
  std::unique_ptr<engine::ByteSink> sink_;  ///< of the part at hand; null between parts
  sink::StoredObject stored_{};
  job::OutputFile file_;
  uint64_t rows_ = 0;  ///< of the part at hand
};

/// Parquet: a whole file in the scratch folder, then into the sink.
class ParquetExport final : public ExportOutput {
 public:
  explicit ParquetExport(const ExportTarget& target) : target_(target) {}

  base::Result<std::unique_ptr<engine::Piece>> encode(const table::Batch& batch) override {
    return encoder_->encode(batch);
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    for (uint64_t left = std::min(piece->rows, limit); left != 0;) {
      if (target_.part_rows != 0 && rows_ == target_.part_rows) {
        KILN_TRY(finish_part());
        KILN_TRY(begin_part());
      }
      const uint64_t room = target_.part_rows == 0 ? left : target_.part_rows - rows_;
      const uint64_t rows = std::min(left, room);
      std::unique_ptr<engine::Piece> rest;
      if (rows < piece->rows) rest = sql::split_piece(*piece, rows);
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
    const job::Attempt& attempt = target_.attempt;
    scratch_.emplace(target_.scratch_dir + "/" + attempt.job.id.text + "." + target_.view.file +
                     ".parquet");
    KILN_ASSIGN(parquet_,
                sql::make_parquet_output(scratch_->path(), target_.schema, target_.process_memory));
    // Encoding does not depend on the file, and workers encode while a part is being finished.
    if (!encoder_) encoder_ = parquet_;
    return {};
  }

 private:
  base::Status finish_part() {
    KILN_TRY(parquet_->finish());
    const uint64_t part = target_.part_rows == 0 ? 0 : files_.size() + 1;
    job::OutputFile file;
    file.output = target_.view.output;
    file.name = file_name(target_.view.file, target_.request, part);
    file.media_type = std::string(table::media_type(table::Format::kParquet));
    file.rows = rows_;
    sink::StoredObject stored;
    KILN_ASSIGN(const auto object, create_object(target_, file.name, stored));
    KILN_TRY(scratch_->read([&](std::string_view bytes) { return object->write(bytes); }));
    KILN_TRY(object->finish());
    scratch_.reset();
    file.size = stored.size;
    file.sha256 = stored.sha256;
    files_.push_back(std::move(file));
    return {};
  }

  const ExportTarget target_;
  std::optional<ScratchFile> scratch_;       ///< of the part at hand
  std::shared_ptr<engine::Output> parquet_;  ///< of the part at hand
  std::shared_ptr<engine::Output> encoder_;
  uint64_t rows_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<ExportOutput>> make_export_output(const ExportTarget& target) {
  if (target.request.format != table::Format::kParquet) {
    return std::unique_ptr<ExportOutput>(new TextExport(target));
  }
  auto output = std::make_unique<ParquetExport>(target);
  KILN_TRY(output->begin_part());
  return std::unique_ptr<ExportOutput>(std::move(output));
}

}  // namespace kiln::api
