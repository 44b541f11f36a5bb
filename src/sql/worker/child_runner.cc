#include "sql/child_runner.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/guarded.h"
#include "sql/worker/batch_codec.h"
#include "sql/worker/child.h"
#include "sql/worker/query_codec.h"
#include "sql/worker/spares.h"
#include "sql/worker/wanted_codec.h"
#include "sql/worker/worker_arguments.h"

namespace kiln::sql {
namespace {

using base::Error;
using base::ErrorCode;

Error nonsense() {
  return Error(ErrorCode::kInternal, "a query's process sent what cannot be read");
}

/// The rows of views as the process asks for them. What it asks is not trusted.
class Desk {
 public:
  /// `memory`: of a message, until the next one.
  Desk(const Query& query, Tables& tables, Channel& channel, base::MemoryReservation& memory)
      : query_(query), tables_(tables), channel_(channel), memory_(memory) {}

  base::Status open(WireReader in) {
    static constexpr size_t kMostReadings = 4096;
    const auto handle = in.get<uint64_t>();
    const auto relation = in.get<uint64_t>();
    if (!in.ok() || handle != readings_.size() || relation >= query_.relations.size()) {
      return nonsense();
    }
    if (readings_.size() == kMostReadings) {
      return Error(ErrorCode::kLimit, "the query reads views too many times");
    }
    const table::Schema* const schema = query_.relations[relation].schema();
    if (schema == nullptr) return nonsense();
    const auto wanted = read_wanted(in, *schema);
    if (!wanted) return nonsense();
    Reading reading;
    auto rows = tables_.open(relation, *wanted);
    if (rows.ok()) {
      reading.rows = std::move(*rows);
    } else {
      reading.error = std::move(rows).error();
    }
    readings_.push_back(std::move(reading));
    return {};
  }

  base::Status close(WireReader in) {
    KILN_ASSIGN(Reading * reading, reading_of(in));
    *reading = {};
    return {};
  }

  base::Status next(WireReader in) {
    KILN_ASSIGN(Reading * reading, reading_of(in));
    if (!reading->error && reading->rows && !reading->piece) {
      auto piece = reading->rows->next(channel_.deadline());
      KILN_TRY(channel_.in_time());
      if (piece.ok()) {
        reading->piece = std::move(*piece);
        reading->done = 0;
      } else {
        reading->error = std::move(piece).error();
      }
    }
    WireWriter out;
    if (reading->error) {
      write_error(*reading->error, out);
      if (!failure_) failure_ = reading->error->clone();
      return channel_.send(MessageKind::kFailure, out.bytes());
    }
    if (!reading->piece) {
      reading->rows.reset();
      return channel_.send(MessageKind::kEnd, {});
    }
    const engine::RowsPiece& piece = *reading->piece;
    const size_t begin = piece.begin + reading->done;
    const size_t count = rows_together(*piece.batch, begin, piece.rows - reading->done);
    const size_t size = size_of_rows(*piece.batch, begin, count);
    memory_.take(size);
    out.bytes().reserve(size);
    write_rows(*piece.batch, begin, count, out);
    reading->done += count;
    if (reading->done >= piece.rows) reading->piece.reset();
    return channel_.send(MessageKind::kRows, out.bytes());
  }

  /// The first one of a view.
  std::optional<Error>& failure() { return failure_; }

 private:
  struct Reading {
    std::unique_ptr<Rows> rows;
    std::optional<Error> error;
    std::unique_ptr<engine::RowsPiece> piece;
    size_t done = 0;  ///< rows of the piece
  };

  /// Of a message that is its handle.
  base::Result<Reading*> reading_of(WireReader in) {
    const auto handle = in.get<uint64_t>();
    if (!in.done() || handle >= readings_.size()) return nonsense();
    return &readings_[handle];
  }

  const Query& query_;
  Tables& tables_;
  Channel& channel_;
  base::MemoryReservation& memory_;
  std::vector<Reading> readings_;
  std::optional<Error> failure_;
};

/// Where the query's rows go.
class Results {
 public:
  Results(const table::Schema& schema, uint64_t limit, engine::Output& output,
          base::MemoryShare* share)
      : schema_(schema),
        limit_(limit),
        output_(output),
        share_(share),
        memory_(share),
        batch_(schema, output.values(), &memory_) {}

  base::Status take(WireReader in) {
    batch_.clear();
    if (!read_rows(in, batch_).ok() || !check_nested(schema_, batch_).ok()) return nonsense();
    if (batch_.rows() == 0 || written_ == limit_) return {};
    const uint64_t rows = std::min<uint64_t>(batch_.rows(), limit_ - written_);
    base::MemoryReservation of_piece(share_);
    of_piece.take(batch_.texts().used());
    KILN_ASSIGN(std::unique_ptr<engine::Piece> piece, output_.encode(batch_));
    of_piece.give_all_back();
    of_piece.take(piece->memory);
    KILN_TRY(output_.write(std::move(piece), limit_ - written_));
    written_ += rows;
    return {};
  }
  base::Result<uint64_t> finish() {
    KILN_TRY(output_.finish());
    return written_;
  }

 private:
  const table::Schema& schema_;
  const uint64_t limit_;
  engine::Output& output_;
  base::MemoryShare* const share_;
  base::MemoryReservation memory_;
  table::Batch batch_;
  uint64_t written_ = 0;
};

class ChildRunner final : public QueryRunner {
 public:
  ChildRunner(WorkerProgram program, base::Clock& clock,
              std::function<void(const std::string&)> on_open_doors)
      : spares_(std::move(program)), clock_(clock), on_open_doors_(std::move(on_open_doors)) {}

  base::Result<table::Schema> describe(const Query& query, const QueryLimits& limits,
                                       const std::stop_token& stop) const override {
    return with_child(limits, stop, [&](Child& child) -> base::Result<table::Schema> {
      KILN_TRY(begin(child, {.describe_only = true}, query));
      KILN_ASSIGN(const Message answer, child.channel().receive(kLargestAnswer));
      WireReader in(answer.body);
      if (answer.kind == MessageKind::kFailure) return failure_of(in);
      if (answer.kind != MessageKind::kSchema) return nonsense();
      auto schema = read_schema(in);
      if (!schema.ok() || !in.done()) return nonsense();
      return schema;
    });
  }

  base::Result<uint64_t> run(const Query& query, const table::Schema& schema, Tables& tables,
                             const QueryLimits& limits, uint64_t limit, const std::stop_token& stop,
                             engine::Output& output) const override {
    return with_child(limits, stop, [&](Child& child) -> base::Result<uint64_t> {
      Task task{false, output.values(), limit, {}};
      for (size_t i = 0; i < query.relations.size(); ++i) {
        task.expected_rows.push_back(
            query.relations[i].schema() == nullptr ? 0 : tables.expected_rows(i));
      }
      KILN_TRY(begin(child, task, query));
      base::MemoryReservation memory(limits.share);
      Desk desk(query, tables, child.channel(), memory);
      Results results(schema, limit, output, limits.share);
      while (true) {
        memory.give_all_back();
        KILN_ASSIGN(const Message message,
                    child.channel().receive(kLargestResult + kLargestAnswer, &memory));
        const WireReader in(message.body);
        switch (message.kind) {
          case MessageKind::kOpen:
            KILN_TRY(desk.open(in));
            break;
          case MessageKind::kNext:
            KILN_TRY(desk.next(in));
            break;
          case MessageKind::kClose:
            KILN_TRY(desk.close(in));
            break;
          case MessageKind::kRows:
            KILN_TRY(results.take(in));
            break;
          case MessageKind::kFailure:
            if (desk.failure()) return std::move(*desk.failure());
            return failure_of(in);
          case MessageKind::kDone:
            return results.finish();
          default:
            return nonsense();
        }
      }
    });
  }

 private:
  static constexpr size_t kLargestAnswer = size_t{4} << 20;

  /// What `body` gives. If the process has gone, why it has.
  template <typename Body>
  static auto finished(Child& child, const std::stop_token& stop, Body&& body) {
    using Given = std::invoke_result_t<Body, Child&>;
    const std::stop_callback on_stop(stop, [&] { child.kill(); });
    return Given(base::guarded([&] { return std::forward<Body>(body)(child); }));
  }

  template <typename Body>
  auto with_child(const QueryLimits& limits, const std::stop_token& stop, Body&& body) const
      -> std::invoke_result_t<Body, Child&> {
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped");
    KILN_ASSIGN(const auto child, spares_.take(limits));
    KILN_TRY(child->begin(limits.timeout, clock_));
    auto given = finished(*child, stop, std::forward<Body>(body));
    if (given.ok()) return given;
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped");
    if (child->channel().gone()) return child->end_of();
    return given;
  }

  /// The process shuts itself in, and is then told what to do.
  base::Status begin(Child& child, const Task& task, const Query& query) const {
    KILN_ASSIGN(const Message ready, child.channel().receive(kLargestAnswer));
    WireReader in(ready.body);
    if (ready.kind == MessageKind::kFailure) return failure_of(in);
    if (ready.kind != MessageKind::kReady) return nonsense();
    if (!ready.body.empty() && on_open_doors_) {
      std::call_once(told_, [&] { on_open_doors_(ready.body); });
    }
    WireWriter out;
    write_task(task, query, out);
    return child.channel().send(MessageKind::kQuery, out.bytes());
  }

  /// A stop and a reader that has left are never the process's to tell.
  static Error failure_of(WireReader in) {
    Error error = read_error(in);
    if (error.code() != ErrorCode::kCancelled && error.code() != ErrorCode::kClosedPipe) {
      return error;
    }
    return nonsense();
  }

  mutable Spares spares_;
  base::Clock& clock_;
  const std::function<void(const std::string&)> on_open_doors_;
  mutable std::once_flag told_;
};

}  // namespace

std::unique_ptr<QueryRunner> make_child_runner(
    WorkerProgram program, base::Clock& clock,
    std::function<void(const std::string& missing)> on_open_doors) {
  return std::make_unique<ChildRunner>(std::move(program), clock, std::move(on_open_doors));
}

}  // namespace kiln::sql
