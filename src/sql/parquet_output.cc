// Rows reach DuckDB as an Arrow stream: the pipeline's batches in their order, not copied. DuckDB
// numbers the batches as it takes them, so that its COPY works on several row groups at once and
// still writes them in that order (docs/impl/parquet.md).
#include "sql/parquet_output.h"

#include <cerrno>
#include <deque>

#include <unistd.h>

#include "base/guarded.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "sql/session.h"
#include "table/arrow/export.h"

namespace kiln::sql {
namespace {

/// Rows [begin, begin + rows) of a batch.
class RowsPiece final : public engine::Piece {
 public:
  RowsPiece(std::shared_ptr<const table::Batch> of, size_t first, size_t count)
      : batch(std::move(of)), begin(first) {
    rows = count;
    memory = batch->held();
  }

  const std::shared_ptr<const table::Batch> batch;
  const size_t begin;
};

/// Pieces on their way from the pipeline to DuckDB, a few at a time.
class Channel {
 public:
  /// False if the reader has gone.
  bool push(std::unique_ptr<RowsPiece> piece) {
    base::MutexLock lock(mutex_);
    while (pieces_.size() >= kMostWaiting && !closed_) changed_.wait(mutex_);
    if (closed_) return false;
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
    return true;
  }
  /// Null at the end, or after close().
  std::unique_ptr<RowsPiece> pop() {
    base::MutexLock lock(mutex_);
    while (pieces_.empty() && !ended_ && !closed_) changed_.wait(mutex_);
    if (pieces_.empty() || closed_) return nullptr;
    auto piece = std::move(pieces_.front());
    pieces_.pop_front();
    changed_.notify_all();
    return piece;
  }
  void end() {
    base::MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  /// Either side gives up.
  void close() {
    base::MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool closed() {
    base::MutexLock lock(mutex_);
    return closed_;
  }

 private:
  static constexpr size_t kMostWaiting = 4;
  base::Mutex mutex_;
  base::Condition changed_;
  std::deque<std::unique_ptr<RowsPiece>> pieces_ KILN_GUARDED_BY(mutex_);
  bool ended_ KILN_GUARDED_BY(mutex_) = false;
  bool closed_ KILN_GUARDED_BY(mutex_) = false;
};

std::string column_name(size_t index) { return "c" + std::to_string(index); }

/// The schema under names that differ in every respect: DuckDB does not tell "A" from "a".
table::Schema numbered(table::Schema schema) {
  for (size_t i = 0; i < schema.columns.size(); ++i) schema.columns[i].name = column_name(i);
  return schema;
}

/// The channel's rows as an Arrow stream. DuckDB takes from it on any of its threads, one at a
/// time.
class RowsStream {
 public:
  RowsStream(const table::Schema& schema, Channel& channel) : channel_(channel) {
    table::export_schema(numbered(schema), &schema_);
    stream_.get_schema = get_schema;
    stream_.get_next = get_next;
    stream_.get_last_error = [](ArrowArrayStream* stream) { return of(stream).error_.c_str(); };
    stream_.release = [](ArrowArrayStream* stream) { stream->release = nullptr; };
    stream_.private_data = this;
  }
  ~RowsStream() { schema_.release(&schema_); }
  RowsStream(const RowsStream&) = delete;
  RowsStream& operator=(const RowsStream&) = delete;

  ArrowArrayStream* stream() { return &stream_; }

 private:
  static RowsStream& of(ArrowArrayStream* stream) {
    return *static_cast<RowsStream*>(stream->private_data);
  }

  /// A copy that owns nothing: DuckDB asks several times and does not release each.
  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    *out = of(stream).schema_;
    out->release = [](ArrowSchema* schema) { schema->release = nullptr; };
    return 0;
  }

  /// No exception may pass through DuckDB's frames.
  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    RowsStream& self = of(stream);
    *out = {};
    const base::Status status = base::guarded([&] { return self.next(out); });
    if (status.ok()) return 0;
    self.error_ = status.error().message();
    return EIO;
  }

  base::Status next(ArrowArray* out) {
    const std::unique_ptr<RowsPiece> piece = channel_.pop();
    if (piece) {
      table::export_rows(piece->batch, piece->begin, piece->rows, out);
    } else if (channel_.closed()) {
      return base::Error(base::ErrorCode::kCancelled, "stopped");
    }
    return {};
  }

  Channel& channel_;
  ArrowSchema schema_{};
  ArrowArrayStream stream_{};
  std::string error_;
};

class ParquetOutput final : public engine::Output {
 public:
  ParquetOutput(std::string path, const table::Schema& schema, std::string rows,
                std::unique_ptr<Session> session)
      : path_(std::move(path)),
        schema_(schema),
        rows_(std::move(rows)),
        session_(std::move(session)),
        stream_(schema, channel_) {}

  ~ParquetOutput() override {
    channel_.close();
    writer_.join();
    if (!finished_) unlink(path_.c_str());
  }

  base::Status start() {
    const duckdb_state state =
        session_->api().duckdb_arrow_scan(session_->connection(), rows_.c_str(),
                                          reinterpret_cast<duckdb_arrow_stream>(stream_.stream()));
    if (state == DuckDBError) {
      return base::Error(base::ErrorCode::kInternal, "DuckDB: cannot read the rows");
    }
    std::string columns;
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      if (i != 0) columns += ", ";
      std::string alias = "\"";
      for (const char c : schema_.columns[i].name) alias += c == '"' ? "\"\"" : std::string(1, c);
      columns += column_name(i) + " AS " + alias + "\"";
    }
    std::string copy = "COPY (SELECT " + columns + " FROM " + rows_ + ") TO " +
                       quote_literal(path_) +
                       " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)";
    const auto end = [this](base::Status result) {
      result_ = std::move(result);
      channel_.close();  // whoever still pushes must not wait
    };
    const auto work = [this, copy = std::move(copy), end] {
      base::Status status = session_->execute(copy);
      base::Status dropped = session_->execute("DROP VIEW " + rows_);
      end(status.ok() ? std::move(dropped) : std::move(status));
    };
    KILN_ASSIGN(writer_,
                base::start_thread(work, [end](base::Error error) { end(std::move(error)); }));
    return {};
  }

  table::Values values() const override { return table::Values::kTyped; }

  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    const size_t rows = batch.rows();
    return std::unique_ptr<engine::Piece>(new RowsPiece(batch.take_rows(), 0, rows));
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    std::unique_ptr<RowsPiece> rows(static_cast<RowsPiece*>(piece.release()));
    rows->rows = std::min(rows->rows, limit);
    if (channel_.push(std::move(rows))) return {};
    writer_.join();
    if (!result_.ok()) return std::move(result_).error();
    return base::Error(base::ErrorCode::kInternal, "DuckDB: the Parquet writer has ended early");
  }

  base::Status finish() override {
    channel_.end();
    writer_.join();
    if (!result_.ok()) return std::move(result_).error();
    finished_ = true;
    return {};
  }

 private:
  const std::string path_;
  const table::Schema& schema_;
  const std::string rows_;  ///< the stream's name in the database
  const std::unique_ptr<Session> session_;
  Channel channel_;
  RowsStream stream_;
  base::Thread writer_;
  base::Status result_;  // of the writer, read after join()
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<engine::Piece> split_piece(engine::Piece& piece, uint64_t rows) {
  auto& whole = static_cast<RowsPiece&>(piece);
  auto rest = std::make_unique<RowsPiece>(whole.batch, whole.begin + rows, whole.rows - rows);
  whole.rows = rows;
  return rest;
}

ParquetWriters::ParquetWriters(unsigned threads, uint64_t process_memory)
    : threads_(threads), process_memory_(process_memory) {}
ParquetWriters::~ParquetWriters() = default;

base::Result<std::unique_ptr<engine::Output>> ParquetWriters::open(const std::string& path,
                                                                   const table::Schema& schema) {
  std::shared_ptr<Instance> instance;
  std::string name;
  {
    base::MutexLock lock(mutex_);
    instance = instance_.lock();
    if (!instance) {
      KILN_ASSIGN(instance, Instance::open(threads_, process_memory_ / 2));
      instance_ = instance;
    }
    name = "rows" + std::to_string(opened_++);
  }
  KILN_ASSIGN(std::unique_ptr<Session> session, Session::open(std::move(instance)));
  auto output = std::make_unique<ParquetOutput>(path, schema, std::move(name), std::move(session));
  KILN_TRY(output->start());
  return std::unique_ptr<engine::Output>(std::move(output));
}

}  // namespace kiln::sql
