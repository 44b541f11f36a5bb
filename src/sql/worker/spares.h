// Processes that are ready before there is a query for them. Internal to the library.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"
#include "sql/child_runner.h"
#include "sql/worker/child.h"

namespace kiln::sql {

/// Loading DuckDB and shutting itself in takes a process 70 ms. From the first query on two more
/// are kept that have done so, as a run takes one to describe its query and one for the rows; when
/// there has been no query for a while they go. Each is for one query all the same. Thread-safe.
class Spares {
 public:
  explicit Spares(WorkerProgram program, std::chrono::milliseconds kept = std::chrono::minutes(1));
  /// Nothing that was taken may be left.
  ~Spares();
  Spares(const Spares&) = delete;
  Spares& operator=(const Spares&) = delete;

  /// A process with these limits, but for the time: a spare one, or else one that is started now.
  /// Errors as Child::start() has them.
  base::Result<std::unique_ptr<Child>> take(const QueryLimits& limits);

 private:
  static constexpr size_t kMost = 2;
  struct Spare {
    QueryLimits limits;
    std::unique_ptr<Child> child;
  };

  void keep();
  std::unique_ptr<Child> find(const QueryLimits& limits) KILN_REQUIRES(mutex_);

  const WorkerProgram program_;
  const std::chrono::milliseconds kept_;
  base::Mutex mutex_;
  base::Condition changed_;
  bool stopping_ KILN_GUARDED_BY(mutex_) = false;
  bool running_ KILN_GUARDED_BY(mutex_) = false;
  std::optional<QueryLimits> wanted_ KILN_GUARDED_BY(mutex_);  ///< of the next ones; none: no more
  std::vector<Spare> spares_ KILN_GUARDED_BY(mutex_);
  /// Processes die with the thread that has started them, so it lives as long as this.
  base::Thread thread_;
};

}  // namespace kiln::sql
