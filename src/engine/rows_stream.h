// Rows of typed values as an Arrow stream: the pipeline pushes, whoever imported the stream pulls
// (Arrow C Stream Interface).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <kiln_arrow_abi.h>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/output.h"

namespace kiln::engine {

/// Rows [begin, begin + rows) of a batch.
class RowsPiece final : public Piece {
 public:
  RowsPiece(std::shared_ptr<const table::Batch> of, size_t first, size_t count)
      : batch(std::move(of)), begin(first) {
    rows = count;
    memory = batch->held();
  }

  /// The first `count` rows stay, fewer than there are; the others are returned. Both share their
  /// memory.
  std::unique_ptr<RowsPiece> split(uint64_t count);

  const std::shared_ptr<const table::Batch> batch;
  const size_t begin;
};

/// What an output of typed values encodes: the rows of a batch, which they are taken from.
std::unique_ptr<Piece> take_piece(table::Batch& batch);

/// A few pieces on their way. Thread-safe: pieces are pushed by one thread, in order, and pulled by
/// any, one at a time.
class RowsStream {
 public:
  explicit RowsStream(const table::Schema& schema);
  ~RowsStream();
  RowsStream(const RowsStream&) = delete;
  RowsStream& operator=(const RowsStream&) = delete;

  /// The first `limit` rows of a RowsPiece; waits until there is room. False if nobody pulls any
  /// more.
  [[nodiscard]] bool push(std::unique_ptr<Piece> piece, uint64_t limit = UINT64_MAX);
  /// There is nothing more to come.
  void end();
  /// Nor is there, and pulling fails from now on.
  void fail(base::Error error);
  /// Nobody pulls any more, or is to: pulling fails with kCancelled, unless it has failed already.
  void close();

  /// The stream's C face, which refers to this object. Its schemas own nothing; its arrays own
  /// their memory. To release it does nothing.
  ArrowArrayStream* face() { return &face_; }
  /// What its functions do, for other faces.
  base::Status next(ArrowArray* out);
  /// The next rows as they were pushed; null at the end. kLimit if there are none by the deadline.
  base::Result<std::unique_ptr<RowsPiece>> take(const base::Deadline& deadline = {});

 private:
  static RowsStream& of(ArrowArrayStream* face) {
    return *static_cast<RowsStream*>(face->private_data);
  }
  static int get_schema(ArrowArrayStream* face, ArrowSchema* out);
  static int get_next(ArrowArrayStream* face, ArrowArray* out);

  ArrowSchema schema_{};
  ArrowArrayStream face_{};
  std::string last_error_;  ///< of who pulls

  static constexpr size_t kMostWaiting = 4;
  base::Mutex mutex_;
  base::Condition changed_;
  std::deque<std::unique_ptr<RowsPiece>> pieces_ KILN_GUARDED_BY(mutex_);
  bool ended_ KILN_GUARDED_BY(mutex_) = false;
  std::optional<base::Error> failure_ KILN_GUARDED_BY(mutex_);
};

/// The rows of a run, as typed values, into a stream. The run fails with kCancelled once nobody
/// pulls any more; the stream's end is left to whoever has run it.
class StreamOutput final : public Output {
 public:
  explicit StreamOutput(RowsStream& stream) : stream_(stream) {}
  table::Values values() const override { return table::Values::kTyped; }
  base::Result<std::unique_ptr<Piece>> encode(table::Batch& batch) override {
    return take_piece(batch);
  }
  base::Status write(std::unique_ptr<Piece> piece, uint64_t limit) override {
    if (stream_.push(std::move(piece), limit)) return {};
    return base::Error(base::ErrorCode::kCancelled, "nobody reads the rows any more");
  }
  base::Status finish() override { return {}; }

 private:
  RowsStream& stream_;
};

}  // namespace kiln::engine
