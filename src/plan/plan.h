// What is to be evaluated, complete and checked, and the one way to evaluate it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "dataset/snapshot.h"
#include "engine/pipeline.h"
#include "output/layout.h"
#include "plan/output_names.h"
#include "plan/problem.h"
#include "plan/subject.h"
#include "sql/query_runner.h"

namespace kiln::plan {

/// How data are read, and how far.
struct Rules {
  bool skip_errors = false;     ///< a bad line or row is skipped and counted
  bool validate_full = false;   ///< every byte of every line is checked
  bool lenient_casts = false;   ///< a value that does not fit its column is null and counted
  uint64_t limit = UINT64_MAX;  ///< rows of each subject; the layout is `limited` then
  dataset::ReaderOptions reader;
};

/// Which resources feed the views (operations.md §3), as it was asked.
struct FilterNames {
  std::vector<std::string> patients;  ///< "Patient/1", "1"
  std::vector<std::string> groups;    ///< "Group/1", "1"
  std::optional<int64_t> since;       ///< microseconds since 1970

  /// Patients and groups have to be looked up, which takes a scan.
  bool needs_cohort() const { return !patients.empty() || !groups.empty(); }
};

/// What can be told without data.
struct Draft {
  std::vector<Subject> subjects;
  output::Layout layout;
  FilterNames filters;
  Rules rules;
  std::optional<fhir::Version> fhir_version;  ///< for all views; none: as each says
};

/// A draft with its data. Immutable and shared once made.
struct Plan {
  std::vector<Subject> subjects;  ///< each complete
  output::Layout layout;
  engine::FilterSpec filter;
  Rules rules;
  std::optional<fhir::Version> fhir_version;
  dataset::SnapshotPtr data;
};

using PlanPtr = std::shared_ptr<const Plan>;

/// What one evaluation has for itself.
struct Execution {
  base::Pool* pool = nullptr;           ///< whose threads evaluate; null: one of its own
  unsigned threads = 1;                 ///< of its own pool
  base::WallTime now{};                 ///< of now() and today()
  base::MemoryShare* memory = nullptr;  ///< null: unbounded
  std::stop_token stop{};
  base::Progress* progress = nullptr;
  sql::QueryLimits query{};                                     ///< of each query
  const sql::QueryRunner* query_runner = &sql::local_runner();  ///< never null
};

/// Which files a plan holds open.
enum class Hold : uint8_t {
  kAll,
  kNeeded,  ///< those that its views read: for a plan that waits, any other may change meanwhile
};

/// Looks patients and groups up in the data, which takes as long as a scan of Patient and Group,
/// and binds the draft to them. Null if there are errors among the problems, also from before, or
/// if a subject is not complete.
PlanPtr make_plan(Draft draft, const dataset::SnapshotPtr& data, Hold hold,
                  const Execution& execution, Problems& problems);

/// Evaluates the plan, an output for each subject: its views in one pass over the data, then each
/// query with passes of its own. As engine::run() and sql::QueryRunner::run().
base::Result<engine::Summary> run(const Plan& plan, const std::vector<engine::Output*>& outputs,
                                  const Execution& execution);

}  // namespace kiln::plan
