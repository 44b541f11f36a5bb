#include "engine/rows_stream.h"

#include <cerrno>

#include "base/guarded.h"
#include "table/arrow/export.h"

namespace kiln::engine {

std::unique_ptr<RowsPiece> RowsPiece::split(uint64_t count) {
  auto rest = std::make_unique<RowsPiece>(batch, begin + count, rows - count);
  rows = count;
  return rest;
}

std::unique_ptr<Piece> take_piece(table::Batch& batch) {
  const size_t rows = batch.rows();
  return std::make_unique<RowsPiece>(batch.take_rows(), 0, rows);
}

RowsStream::RowsStream(const table::Schema& schema) {
  table::export_schema(schema, &schema_);
  face_.get_schema = get_schema;
  face_.get_next = get_next;
  face_.get_last_error = [](ArrowArrayStream* face) { return of(face).last_error_.c_str(); };
  face_.release = [](ArrowArrayStream* face) { face->release = nullptr; };
  face_.private_data = this;
}

RowsStream::~RowsStream() { schema_.release(&schema_); }

bool RowsStream::push(std::unique_ptr<Piece> piece, uint64_t limit) {
  std::unique_ptr<RowsPiece> rows(static_cast<RowsPiece*>(piece.release()));
  rows->rows = std::min(rows->rows, limit);
  base::MutexLock lock(mutex_);
  while (pieces_.size() >= kMostWaiting && !failure_) changed_.wait(mutex_);
  if (failure_) return false;
  pieces_.push_back(std::move(rows));
  changed_.notify_all();
  return true;
}

void RowsStream::end() {
  base::MutexLock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void RowsStream::fail(base::Error error) {
  base::MutexLock lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  pieces_.clear();
  changed_.notify_all();
}

void RowsStream::close() { fail(base::Error(base::ErrorCode::kCancelled, "stopped")); }

base::Result<std::unique_ptr<RowsPiece>> RowsStream::take(const base::Deadline& deadline) {
  base::MutexLock lock(mutex_);
  while (pieces_.empty() && !ended_ && !failure_) {
    if (!deadline) {
      changed_.wait(mutex_);
    } else if (!changed_.wait_until(mutex_, *deadline)) {
      return base::Error(base::ErrorCode::kLimit, "the rows took too long");
    }
  }
  if (failure_) return failure_->clone();
  if (pieces_.empty()) return std::unique_ptr<RowsPiece>();
  std::unique_ptr<RowsPiece> piece = std::move(pieces_.front());
  pieces_.pop_front();
  changed_.notify_all();
  return piece;
}

base::Status RowsStream::next(ArrowArray* out) {
  KILN_ASSIGN(const std::unique_ptr<RowsPiece> piece, take());
  if (piece) table::export_rows(piece->batch, piece->begin, piece->rows, out);
  return {};
}

/// A copy that owns nothing, as there are importers that ask several times and do not release each.
int RowsStream::get_schema(ArrowArrayStream* face, ArrowSchema* out) {
  *out = of(face).schema_;
  out->release = [](ArrowSchema* schema) { schema->release = nullptr; };
  return 0;
}

/// No exception may pass through the importer's frames.
int RowsStream::get_next(ArrowArrayStream* face, ArrowArray* out) {
  RowsStream& self = of(face);
  *out = {};
  const base::Status status = base::guarded([&] { return self.next(out); });
  if (status.ok()) return 0;
  self.last_error_ = status.error().message();
  return EIO;
}

}  // namespace kiln::engine
