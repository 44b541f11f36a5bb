// Queries, columns and errors as bytes. Internal to the library.
#pragma once

#include "base/error.h"
#include "sql/query.h"
#include "sql/tables.h"
#include "sql/worker/wire.h"

namespace kiln::sql {

/// What a process is to do.
struct Task {
  bool describe_only = false;
  table::Values values = table::Values::kText;
  uint64_t limit = UINT64_MAX;
  std::vector<uint64_t> expected_rows{};  ///< of each relation
};

void write_task(const Task& task, const Query& query, WireWriter& out);
/// Statements are checked again. kInvalid for other bytes.
base::Result<std::pair<Task, Query>> read_task(WireReader& in);

void write_schema(const table::Schema& schema, WireWriter& out);
/// kInvalid for other bytes.
base::Result<table::Schema> read_schema(WireReader& in);

void write_error(const base::Error& error, WireWriter& out);
/// kInternal for other bytes.
base::Error read_error(WireReader& in);

}  // namespace kiln::sql
