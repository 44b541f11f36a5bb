// The one way from resources to rows: workers over parts of the input, an order-restoring
// sequencer, several views over one scan.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory_budget.h"
#include "base/pool.h"
#include "base/progress.h"
#include "dataset/reader.h"
#include "engine/output.h"
#include "engine/resource_filter.h"
#include "view/view.h"

namespace kiln::engine {

/// A view and where its rows go. Both must outlive the run.
struct Subject {
  const view::CompiledView* view;
  Output* output;
};

struct Options {
  base::Pool* pool = nullptr;  ///< whose threads evaluate, beside other work; null: its own
  unsigned threads = 1;        ///< of its own pool
  bool skip_errors = false;    ///< a bad line or row is skipped and counted
  bool validate_full = false;  ///< every byte of every line is checked
  bool lenient_casts = false;
  uint64_t limit = UINT64_MAX;  ///< rows of each subject
  dataset::ReaderOptions reader;
  base::WallTime now;                   ///< of now() and today()
  FilterSpec filter;                    ///< which resources feed the subjects
  base::MemoryShare* memory = nullptr;  ///< what the run draws from; null: unbounded
};

using base::Progress;

/// What happened. Sums over all subjects where not said otherwise.
struct Summary {
  std::vector<uint64_t> rows;  ///< of each subject
  uint64_t resources = 0;      ///< lines that held a resource of a wanted type
  uint64_t bytes = 0;
  uint64_t bad_lines = 0;  ///< skipped: no JSON, no resource
  uint64_t bad_rows = 0;   ///< resources skipped for a subject because a row broke a rule
  uint64_t failed_casts = 0;
  /// What was not read, and what of it may matter: files without resources, lines of another type
  /// than their file's name says, views over a type that the data do not have.
  std::vector<base::Error> warnings;
  /// The first of what was skipped, in the order of the input.
  std::vector<base::Error> examples;
};

/// Adds what happened in one pass to what happened in others, but for the rows: what was told
/// already is not told again.
void add(Summary one, Summary& all);

/// Evaluates all subjects over the snapshot in one pass. The outputs are finished if all went well;
/// the bytes they get do not depend on the number of threads. A stop is seen within a block
/// (milliseconds) and ends the run with kCancelled. The calling thread must not be one of the pool.
/// Blocks until all workers have ended.
base::Result<Summary> run(const dataset::Snapshot& snapshot, const std::vector<Subject>& subjects,
                          const Options& options, std::stop_token stop, Progress* progress);

}  // namespace kiln::engine
