// What a query's process is called with. Internal to the library.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sql/worker/sandbox.h"

namespace kiln::sql {

constexpr int kWorkerDescriptor = 3;
/// Exit statuses beside 0.
constexpr int kAbortStatus = 96;
constexpr int kNoMemoryStatus = 97;
/// What a process may have of memory beside the query's, when DuckDB is loaded.
constexpr uint64_t kBesideQuery = uint64_t{256} << 20;
/// Of a message with rows of the query.
constexpr size_t kLargestResult = size_t{64} << 20;

struct WorkerArguments {
  int parent = 0;
  SandboxLimits limits{};
};

std::vector<std::string> worker_words(const WorkerArguments& arguments);
std::optional<WorkerArguments> read_worker_arguments(const std::vector<std::string>& words);

}  // namespace kiln::sql
