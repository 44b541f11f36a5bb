// Options of the commands that read data, and running views over it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/output_target.h"
#include "app/signals.h"
#include "base/memory_budget.h"
#include "plan/plan.h"

namespace CLI {
class App;
}

namespace kiln::app {

struct DataOptions {
  std::vector<std::string> data;
  std::string fhir_version;
  uint64_t limit = UINT64_MAX;
  std::vector<std::string> patients;
  std::vector<std::string> groups;
  std::string since;
  unsigned threads = 0;
  std::string progress = "auto";
  std::string on_error = "fail";
  std::string validate = "needed";
  std::string max_line_size = "256MiB";
  std::string memory_limit;  ///< empty: default_memory_limit()
  bool lenient_casts = false;
  bool table_stats = false;
};

struct OutputOptions {
  std::string format;
  std::string output;
  bool no_header = false;
  bool csv_guard = false;
};

void add_data_options(CLI::App& command, DataOptions& options);
void add_output_options(CLI::App& command, OutputOptions& options, bool to_folder);

/// The FHIR version that was asked for, if any; an unknown one is kUsage.
base::Result<std::optional<fhir::Version>> requested_version(const std::string& text);

/// "16MiB", "1 GiB", "4096" in bytes; kUsage if it is none.
base::Result<uint64_t> parse_size(const std::string& text);

/// --memory-limit, on every command that evaluates.
void add_memory_option(CLI::App& command, std::string& memory_limit);
/// What it comes to, in bytes.
base::Result<uint64_t> memory_limit_of(const std::string& text);

/// --threads, or all cores.
unsigned threads_of(const DataOptions& options);

/// What the options ask for, as far as it can be told without data: views, filters, rules. Prints
/// nothing; a draft of use only if `problems` has no errors.
plan::Draft read_draft(const std::vector<std::string>& views, const DataOptions& options,
                       plan::Problems& problems);

/// kUsage if more than one of all names means standard input, which can be read but once.
base::Status check_standard_input(const std::vector<std::string>& views,
                                  const std::vector<std::string>& data);

/// What a command over these views and data must not write over.
SourceFiles source_files(const std::vector<std::string>& views, const dataset::Snapshot& snapshot);

/// Opens the data that the options name.
base::Result<dataset::SnapshotPtr> open_data(const DataOptions& options);

/// The draft with its data: patients and groups are looked up. Null if there are errors among the
/// problems.
plan::PlanPtr make_plan(plan::Draft draft, const dataset::SnapshotPtr& data,
                        const DataOptions& options, base::MemoryBudget& memory,
                        const SignalStop& signals, plan::Problems& problems);

/// The folder where queries put what has no room in memory, which DuckDB makes when it needs it: it
/// is gone with this.
class QueryFolder {
 public:
  QueryFolder() = default;
  ~QueryFolder();
  QueryFolder(const QueryFolder&) = delete;
  QueryFolder& operator=(const QueryFolder&) = delete;
};

/// The one database of a command that runs a query, before its statements are read.
base::Status open_query_database(const DataOptions& options);

/// Runs the plan, an output for each subject, with progress and messages on stderr.
base::Result<engine::Summary> run_plan(const plan::Plan& plan,
                                       const std::vector<engine::Output*>& outputs,
                                       const DataOptions& options, base::MemoryBudget& memory,
                                       const SignalStop& signals);

/// Prints the error as its code wants it and gives the exit status: quiet for a closed pipe and for
/// an interruption.
int report(const base::Error& error, const SignalStop& signals);
/// The same for all problems; 0 if nothing stands in the way.
int report(const plan::Problems& problems, const SignalStop& signals);

}  // namespace kiln::app
