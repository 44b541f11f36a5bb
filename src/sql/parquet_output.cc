// Rows reach DuckDB as an Arrow stream: the pipeline's batches in their order, not copied. DuckDB
// numbers the batches as it takes them, so that its COPY works on several row groups at once and
// still writes them in that order (docs/impl/parquet.md).
#include "sql/parquet_output.h"

#include <unistd.h>

#include "base/thread.h"
#include "engine/rows_stream.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

std::string column_name(size_t index) { return "c" + std::to_string(index); }

/// The schema under names that differ in every respect: DuckDB does not tell "A" from "a".
table::Schema numbered(table::Schema schema) {
  for (size_t i = 0; i < schema.columns.size(); ++i) schema.columns[i].name = column_name(i);
  return schema;
}

class ParquetOutput final : public engine::Output {
 public:
  ParquetOutput(std::string path, const table::Schema& schema, std::string rows,
                std::unique_ptr<Session> session)
      : path_(std::move(path)),
        schema_(schema),
        rows_(std::move(rows)),
        session_(std::move(session)),
        stream_(numbered(schema)) {}

  ~ParquetOutput() override {
    stream_.close();
    writer_.join();
    if (!finished_) unlink(path_.c_str());
  }

  base::Status start() {
    const duckdb_state state =
        session_->api().duckdb_arrow_scan(session_->connection(), rows_.c_str(),
                                          reinterpret_cast<duckdb_arrow_stream>(stream_.face()));
    if (state == DuckDBError) {
      return base::Error(base::ErrorCode::kInternal, "DuckDB: cannot read the rows");
    }
    std::string columns;
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      if (i != 0) columns += ", ";
      const table::Column& column = schema_.columns[i];
      std::string value = column_name(i);
      if (column.type.nested()) {
        value = "CAST(CAST(" + value + " AS JSON) AS " + table::nested_name(column.type) + ")";
      }
      columns += value + " AS " + quote_name(column.name);
    }
    std::string copy = "COPY (SELECT " + columns + " FROM " + rows_ + ") TO " +
                       quote_literal(path_) +
                       " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)";
    const auto end = [this](base::Status result) {
      result_ = std::move(result);
      stream_.close();  // whoever still pushes must not wait
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
    return engine::take_piece(batch);
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    if (stream_.push(std::move(piece), limit)) return {};
    writer_.join();
    if (!result_.ok()) return std::move(result_).error();
    return base::Error(base::ErrorCode::kInternal, "DuckDB: the Parquet writer has ended early");
  }

  base::Status finish() override {
    stream_.end();
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
  engine::RowsStream stream_;
  base::Thread writer_;
  base::Status result_;  // of the writer, read after join()
  bool finished_ = false;
};

}  // namespace

ParquetWriters::ParquetWriters(unsigned threads, base::CommonMemory* memory)
    : threads_(threads), memory_(memory) {}
ParquetWriters::~ParquetWriters() = default;

base::Result<std::unique_ptr<engine::Output>> ParquetWriters::open(const std::string& path,
                                                                   const table::Schema& schema) {
  std::shared_ptr<Instance> instance;
  std::string name;
  {
    base::MutexLock lock(mutex_);
    instance = instance_.lock();
    if (!instance) {
      InstanceOptions options;
      options.threads = threads_;
      options.memory = memory_ == nullptr ? 0 : memory_->bytes();
      options.common = memory_;
      KILN_ASSIGN(instance, Instance::open(options));
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
