// A query on this side of the doors: what it reads comes over the channel, and so go its rows.
#include <atomic>
#include <csignal>
#include <new>

#include <unistd.h>

#include "base/guarded.h"
#include "base/number.h"
#include "sql/prepared_query.h"
#include "sql/process_instance.h"
#include "sql/session.h"
#include "sql/sql_worker.h"
#include "sql/worker/batch_codec.h"
#include "sql/worker/channel.h"
#include "sql/worker/query_codec.h"
#include "sql/worker/sandbox.h"
#include "sql/worker/wanted_codec.h"
#include "sql/worker/worker_arguments.h"

namespace kiln::sql {
namespace {

using base::Error;
using base::ErrorCode;

constexpr size_t kMostReceived = INT32_MAX;

std::atomic<bool> out_of_memory = false;

/// DuckDB mostly lives on without memory, but not always.
void on_abort(int) { ::_exit(out_of_memory ? kNoMemoryStatus : kAbortStatus); }

class RemoteRows final : public Rows {
 public:
  RemoteRows(Channel& channel, uint64_t handle, table::Schema schema)
      : channel_(channel), handle_(handle), schema_(std::move(schema)) {}
  ~RemoteRows() override {
    WireWriter out;
    out.put(handle_);
    (void)channel_.send(MessageKind::kClose, out.bytes());
  }

  base::Result<std::unique_ptr<engine::RowsPiece>> next(const base::Deadline&) override {
    WireWriter out;
    out.put(handle_);
    KILN_TRY(channel_.send(MessageKind::kNext, out.bytes()));
    KILN_ASSIGN(const Message answer, channel_.receive(kMostReceived));
    WireReader in(answer.body);
    if (answer.kind == MessageKind::kEnd) return std::unique_ptr<engine::RowsPiece>();
    if (answer.kind == MessageKind::kFailure) return read_error(in);
    const auto batch = std::make_shared<table::Batch>(schema_, table::Values::kTyped);
    KILN_TRY(read_rows(in, *batch));
    return std::make_unique<engine::RowsPiece>(batch, 0, batch->rows());
  }

 private:
  Channel& channel_;
  const uint64_t handle_;
  const table::Schema schema_;
};

class RemoteTables final : public Tables {
 public:
  RemoteTables(Channel& channel, const Query& query, const std::vector<uint64_t>& expected_rows)
      : channel_(channel), query_(query), expected_rows_(expected_rows) {}

  base::Result<std::unique_ptr<Rows>> open(size_t relation, const table::Wanted& wanted) override {
    WireWriter out;
    out.put(handles_);
    out.put(uint64_t{relation});
    write_wanted(wanted, out);
    table::Schema schema;
    for (const size_t column : wanted.columns) {
      schema.columns.push_back(query_.relations[relation].schema()->columns[column]);
    }
    KILN_TRY(channel_.send(MessageKind::kOpen, out.bytes()));
    return std::unique_ptr<Rows>(
        std::make_unique<RemoteRows>(channel_, handles_++, std::move(schema)));
  }
  uint64_t expected_rows(size_t relation) const override { return expected_rows_[relation]; }

 private:
  Channel& channel_;
  const Query& query_;
  const std::vector<uint64_t>& expected_rows_;
  uint64_t handles_ = 0;
};

/// The rows of a batch as messages.
class RemotePiece final : public engine::Piece {
 public:
  std::vector<std::string> messages;
};

class RemoteOutput final : public engine::Output {
 public:
  RemoteOutput(Channel& channel, table::Values values) : channel_(channel), values_(values) {}
  table::Values values() const override { return values_; }

  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    auto piece = std::make_unique<RemotePiece>();
    piece->rows = batch.rows();
    for (size_t begin = 0; begin < batch.rows();) {
      const size_t count = rows_together(batch, begin, batch.rows() - begin);
      if (size_of_rows(batch, begin, count) > kLargestResult) {
        return Error(ErrorCode::kLimit, "a row of the query is larger than 64 MiB");
      }
      WireWriter out;
      write_rows(batch, begin, count, out);
      piece->messages.push_back(std::move(out.bytes()));
      begin += count;
    }
    return std::unique_ptr<engine::Piece>(std::move(piece));
  }
  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t) override {
    for (const std::string& message : static_cast<RemotePiece&>(*piece).messages) {
      KILN_TRY(channel_.send(MessageKind::kRows, message));
    }
    return {};
  }
  base::Status finish() override { return {}; }

 private:
  Channel& channel_;
  const table::Values values_;
};

base::Status answer(Channel& channel, std::shared_ptr<Instance> instance) {
  KILN_ASSIGN(const Message message, channel.receive(kMostReceived));
  WireReader in(message.body);
  KILN_ASSIGN(const auto read, read_task(in));
  const auto& [task, query] = read;
  RemoteTables tables(channel, query, task.expected_rows);
  KILN_ASSIGN(const auto prepared,
              PreparedQuery::make(query, task.describe_only ? nullptr : &tables, task.values,
                                  std::move(instance)));
  WireWriter out;
  if (task.describe_only) {
    write_schema(prepared->schema(), out);
    return channel.send(MessageKind::kSchema, out.bytes());
  }
  RemoteOutput output(channel, task.values);
  KILN_ASSIGN(const uint64_t rows, prepared->run(output, task.limit, {}));
  out.put(rows);
  return channel.send(MessageKind::kDone, out.bytes());
}

/// All that opens files is done before the doors close: DuckDB's library and its databases.
base::Result<std::shared_ptr<Instance>> prepare_and_close(SandboxLimits limits, Channel& channel) {
  const QueryLimits of_query{limits.memory, limits.folder, limits.file_size};
  KILN_TRY(open_process_instance(of_query));
  (void)Statement::parse("SELECT 1", "");
  auto instance = process_instance();
  if (instance == nullptr) {
    KILN_ASSIGN(instance, open_query_instance(of_query));
  }
  if (limits.memory != 0) limits.memory += kBesideQuery;
  KILN_ASSIGN(const std::string missing, close_doors(limits));
  KILN_TRY(channel.send(MessageKind::kReady, missing));
  return instance;
}

base::Status serve_query(const WorkerArguments& arguments) {
  Channel channel(kWorkerDescriptor);
  const base::Status status = base::guarded([&]() -> base::Status {
    KILN_ASSIGN(auto instance, prepare_and_close(arguments.limits, channel));
    return answer(channel, std::move(instance));
  });
  if (status.ok()) return {};
  WireWriter out;
  write_error(status.error(), out);
  return channel.send(MessageKind::kFailure, out.bytes());
}

}  // namespace

int run_sql_worker(const std::vector<std::string>& words) {
  const auto arguments = read_worker_arguments(words);
  if (!arguments || !isolate(arguments->parent, kWorkerDescriptor)) return kAbortStatus;
  (void)::signal(SIGABRT, on_abort);
  std::set_new_handler([] {
    out_of_memory = true;
    throw std::bad_alloc();
  });
  const base::Status status = base::guarded([&] { return serve_query(*arguments); });
  ::_exit(status.ok() ? 0 : kAbortStatus);  // no time for what DuckDB would tidy up
}

}  // namespace kiln::sql
