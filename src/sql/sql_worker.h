// The process that a query runs in.
#pragma once

#include <string>
#include <vector>

namespace kiln::sql {

/// What its program is called with, before what it is told besides: a hidden command.
constexpr const char* kWorkerCommand = "sql-worker";

/// Runs one query, whose rows go where they came from: over descriptor 3, to the ChildRunner that
/// has started the process with these arguments. Its exit status. To be called first thing in
/// main(), in a process that has one thread.
int run_sql_worker(const std::vector<std::string>& arguments);

}  // namespace kiln::sql
