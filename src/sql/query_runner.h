// Where queries run.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "base/memory_budget.h"
#include "engine/output.h"
#include "sql/query.h"
#include "sql/tables.h"

namespace kiln::sql {

/// What one query may take.
struct QueryLimits {
  uint64_t memory = 0;                   ///< bytes of DuckDB's own; 0: what it takes for right
  std::string temp_dir{};                ///< where it may put what has no room; "": nowhere
  uint64_t temp = 0;                     ///< bytes of it; 0: unbounded
  std::chrono::milliseconds timeout{0};  ///< of a query in a process of its own; 0: none
  /// What rows that come from a process of its own draw on, on their way; null: unbounded.
  base::MemoryShare* share = nullptr;
};

/// Thread-safe.
class QueryRunner {
 public:
  virtual ~QueryRunner() = default;

  /// The columns of the query. Errors as PreparedQuery::make() has them; kCancelled.
  virtual base::Result<table::Schema> describe(const Query& query, const QueryLimits& limits,
                                               const std::stop_token& stop) const = 0;
  /// At most `limit` rows of the query, whose columns are `schema`, to `output`. As
  /// PreparedQuery::run().
  virtual base::Result<uint64_t> run(const Query& query, const table::Schema& schema,
                                     Tables& tables, const QueryLimits& limits, uint64_t limit,
                                     const std::stop_token& stop, engine::Output& output) const = 0;
};

/// In this process: memory is bounded as far as DuckDB keeps to it, time is not. Lives as long as
/// the program.
const QueryRunner& local_runner();

}  // namespace kiln::sql
