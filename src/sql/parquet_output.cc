#include "sql/parquet_output.h"

#include <deque>

#include <unistd.h>

#include "base/guarded.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

using table::ColumnVector;
using table::SqlType;
using table::Storage;

table::Cell copy_cell(const ColumnVector& column, size_t row, table::Batch& to) {
  if (!column.is_valid(row)) return {};
  if (column.is_list()) {
    const uint32_t begin = column.list_begin(row);
    const uint32_t size = column.list_begin(row + 1) - begin;
    auto* const items = to.texts().make_array<table::Cell>(size);
    for (uint32_t i = 0; i < size; ++i) items[i] = copy_cell(column.items(), begin + i, to);
    return table::Cell::of_list(items, size);
  }
  switch (column.storage()) {
    case Storage::kBoolean:
      return table::Cell::of(column.boolean(row));
    case Storage::kInteger:
      return table::Cell::of(column.integer(row));
    case Storage::kText:
      break;
  }
  const std::string_view text = to.texts().copy(column.text(row).view());
  return table::Cell::of(table::Text{text.data(), static_cast<uint32_t>(text.size()), false});
}

/// With texts of its own.
std::shared_ptr<const table::Batch> copy_batch(const table::Schema& schema,
                                               const table::Batch& from) {
  auto batch = std::make_shared<table::Batch>(schema);
  for (size_t row = 0; row < from.rows(); ++row) {
    for (size_t i = 0; i < from.column_count(); ++i) {
      const table::Cell cell = copy_cell(from.column(i), row, *batch);
      batch->append_cells(i, 1, &cell);
    }
    batch->finish_row();
  }
  return batch;
}

/// Rows [begin, begin + rows) of a batch.
class RowsPiece final : public engine::Piece {
 public:
  RowsPiece(std::shared_ptr<const table::Batch> of, size_t first, size_t count)
      : batch(std::move(of)), begin(first) {
    rows = count;
    memory = batch->texts_held();
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
  /// Null at the end, or after abort().
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

/// What the table function needs; one thread uses it.
struct Source {
  const table::Schema* schema;
  Channel* channel;
  std::unique_ptr<RowsPiece> piece;
  size_t row = 0;  ///< of the piece: how many have been given
};

duckdb_type storage_type(Storage storage) {
  switch (storage) {
    case Storage::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case Storage::kInteger:
      return DUCKDB_TYPE_BIGINT;
    case Storage::kText:
      return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_VARCHAR;
}

std::string column_name(size_t index) { return "c" + std::to_string(index); }

void bind_rows(duckdb_bind_info info) {
  const auto api = duckdb_api();
  const DuckDbApi& duckdb = **api;
  const auto* const source = static_cast<Source*>(duckdb.duckdb_bind_get_extra_info(info));
  for (size_t i = 0; i < source->schema->columns.size(); ++i) {
    const table::ColumnType& column = source->schema->columns[i].type;
    duckdb_logical_type type =
        duckdb.duckdb_create_logical_type(storage_type(table::storage_of(column.sql)));
    if (column.list) {
      duckdb_logical_type list = duckdb.duckdb_create_list_type(type);
      duckdb.duckdb_destroy_logical_type(&type);
      type = list;
    }
    duckdb.duckdb_bind_add_result_column(info, column_name(i).c_str(), type);
    duckdb.duckdb_destroy_logical_type(&type);
  }
}

void init_rows(duckdb_init_info info) {
  const auto api = duckdb_api();
  (*api)->duckdb_init_set_max_threads(info, 1);  // the rows have an order
}

void set_invalid(const DuckDbApi& duckdb, duckdb_vector vector, idx_t row) {
  duckdb.duckdb_vector_ensure_validity_writable(vector);
  uint64_t* const validity = duckdb.duckdb_vector_get_validity(vector);
  validity[row / 64] &= ~(uint64_t{1} << (row % 64));
}

/// Rows [from, from + count) of a column into a vector, from its row `to`.
void copy_values(const DuckDbApi& duckdb, const ColumnVector& column, size_t from, size_t count,
                 duckdb_vector vector, idx_t to) {
  void* const data = duckdb.duckdb_vector_get_data(vector);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = from + i;
    const idx_t at = to + i;
    if (column.is_list()) {
      // Every entry has to be set, those of missing lists too.
      auto* const entries = static_cast<duckdb_list_entry*>(data);
      const uint32_t begin = column.list_begin(row);
      const uint32_t size = column.is_valid(row) ? column.list_begin(row + 1) - begin : 0;
      const idx_t used = duckdb.duckdb_list_vector_get_size(vector);
      entries[at] = {used, size};
      if (size != 0) {
        duckdb.duckdb_list_vector_reserve(vector, used + size);
        duckdb.duckdb_list_vector_set_size(vector, used + size);
        copy_values(duckdb, column.items(), begin, size,
                    duckdb.duckdb_list_vector_get_child(vector), used);
      }
    }
    if (!column.is_valid(row)) {
      set_invalid(duckdb, vector, at);
      continue;
    }
    if (column.is_list()) continue;
    switch (column.storage()) {
      case Storage::kBoolean:
        static_cast<bool*>(data)[at] = column.boolean(row);
        break;
      case Storage::kInteger:
        static_cast<int64_t*>(data)[at] = column.integer(row);
        break;
      case Storage::kText: {
        const table::Text& text = column.text(row);
        duckdb.duckdb_vector_assign_string_element_len(vector, at, text.data, text.size);
        break;
      }
    }
  }
}

void copy_rows(const DuckDbApi& duckdb, duckdb_function_info info, duckdb_data_chunk chunk) {
  auto* const source = static_cast<Source*>(duckdb.duckdb_function_get_extra_info(info));
  while (!source->piece || source->row == source->piece->rows) {
    source->piece = source->channel->pop();
    source->row = 0;
    if (source->piece) continue;
    if (source->channel->closed()) duckdb.duckdb_function_set_error(info, "stopped");
    duckdb.duckdb_data_chunk_set_size(chunk, 0);
    return;
  }
  const RowsPiece& piece = *source->piece;
  const size_t count = std::min<size_t>(duckdb.duckdb_vector_size(), piece.rows - source->row);
  for (size_t i = 0; i < piece.batch->column_count(); ++i) {
    copy_values(duckdb, piece.batch->column(i), piece.begin + source->row, count,
                duckdb.duckdb_data_chunk_get_vector(chunk, i), 0);
  }
  source->row += count;
  duckdb.duckdb_data_chunk_set_size(chunk, count);
}

/// No exception may pass through DuckDB's frames.
void give_rows(duckdb_function_info info, duckdb_data_chunk chunk) {
  const auto api = duckdb_api();
  const base::Status status = base::guarded([&] { copy_rows(**api, info, chunk); });
  if (!status.ok()) (*api)->duckdb_function_set_error(info, status.error().message().c_str());
}

/// The stored value as the column's type.
std::string column_expression(const table::Column& column, const std::string& name) {
  if (column.type.sql == SqlType::kVarchar) return name;
  if (column.type.sql == SqlType::kBinary) {
    return column.type.list ? "list_transform(" + name + ", x -> from_base64(x))"
                            : "from_base64(" + name + ")";
  }
  // Lengths and precisions were seen to by the cast of each value, and have other names here.
  table::ColumnType type = column.type;
  type.fraction = table::kMostFraction;
  return "CAST(" + name + " AS " + table::sql_name(type) + ")";
}

class ParquetOutput final : public engine::Output {
 public:
  ParquetOutput(std::string path, const table::Schema& schema, std::unique_ptr<Session> session)
      : path_(std::move(path)), schema_(schema), session_(std::move(session)) {
    source_ = {&schema_, &channel_, nullptr, 0};
  }

  ~ParquetOutput() override {
    channel_.close();
    writer_.join();
    if (!finished_) unlink(path_.c_str());
  }

  base::Status start() {
    const DuckDbApi& duckdb = session_->api();
    duckdb_table_function function = duckdb.duckdb_create_table_function();
    duckdb.duckdb_table_function_set_name(function, "kiln_rows");
    duckdb.duckdb_table_function_set_extra_info(function, &source_, nullptr);
    duckdb.duckdb_table_function_set_bind(function, bind_rows);
    duckdb.duckdb_table_function_set_init(function, init_rows);
    duckdb.duckdb_table_function_set_function(function, give_rows);
    const duckdb_state state =
        duckdb.duckdb_register_table_function(session_->connection(), function);
    duckdb.duckdb_destroy_table_function(&function);
    if (state == DuckDBError) {
      return base::Error(base::ErrorCode::kInternal, "DuckDB: cannot register a table function");
    }
    std::string columns;
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      if (i != 0) columns += ", ";
      std::string alias = "\"";
      for (const char c : schema_.columns[i].name) alias += c == '"' ? "\"\"" : std::string(1, c);
      columns += column_expression(schema_.columns[i], column_name(i)) + " AS " + alias + "\"";
    }
    std::string copy = "COPY (SELECT " + columns + " FROM kiln_rows()) TO " + quote_literal(path_) +
                       " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)";
    const auto end = [this](base::Status result) {
      result_ = std::move(result);
      channel_.close();  // whoever still pushes must not wait
    };
    KILN_ASSIGN(writer_, base::start_thread(
                             [this, copy = std::move(copy), end] { end(session_->execute(copy)); },
                             [end](base::Error error) { end(std::move(error)); }));
    return {};
  }

  base::Result<std::unique_ptr<engine::Piece>> encode(const table::Batch& batch) override {
    return std::unique_ptr<engine::Piece>(
        new RowsPiece(copy_batch(schema_, batch), 0, batch.rows()));
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
  std::unique_ptr<Session> session_;
  Channel channel_;
  Source source_{};
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

base::Result<std::unique_ptr<engine::Output>> make_parquet_output(const std::string& path,
                                                                  const table::Schema& schema,
                                                                  uint64_t process_memory) {
  KILN_ASSIGN(std::unique_ptr<Session> session, Session::open(1, process_memory / 2));
  auto output = std::make_unique<ParquetOutput>(path, schema, std::move(session));
  KILN_TRY(output->start());
  return std::unique_ptr<engine::Output>(std::move(output));
}

}  // namespace kiln::sql
