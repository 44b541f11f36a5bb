// Queries in processes of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sql/query_runner.h"
#include "sql/sql_worker.h"

namespace kiln::sql {

/// The program that calls run_sql_worker(), with what it is told besides.
struct WorkerProgram {
  std::string path = "/proc/self/exe";
  std::vector<std::string> arguments = {kWorkerCommand};
};

/// A process for each query, which has no files but those below a folder of its own (in the
/// limits' temp_dir, made and removed for it), no network, no other programs, and no more memory
/// and time than the limits say. Whatever happens to it is that query's failure: kLimit for memory
/// and time, kInternal for a crash. The rows of views are read in this process. A stop kills it.
/// `clock`, which outlives it, tells the time that a query has taken. `on_open_doors` is called at
/// most once, by any thread: what the kernel does not have of what shuts such a process in.
std::unique_ptr<QueryRunner> make_child_runner(
    WorkerProgram program, base::Clock& clock,
    std::function<void(const std::string& missing)> on_open_doors);

}  // namespace kiln::sql
