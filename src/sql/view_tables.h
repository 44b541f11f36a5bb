// Views evaluated by the engine as a query reads them.
#pragma once

#include <memory>
#include <stop_token>

#include "base/mutex.h"
#include "engine/pipeline.h"
#include "sql/query.h"
#include "sql/tables.h"

namespace kiln::sql {

/// Every reading is a run of the pipeline on a thread of its own, with the same options and data.
/// kUsage for a second one of data that can be read but once.
class ViewTables final : public Tables {
 public:
  /// All must outlive it. `progress`, if not null, gets the sum over all readings.
  ViewTables(const Query& query, const dataset::Snapshot& snapshot, const engine::Options& options,
             std::stop_token stop, base::Progress* progress);
  ~ViewTables() override;

  base::Result<std::unique_ptr<Rows>> open(size_t relation, const table::Wanted& wanted) override;
  uint64_t expected_rows(size_t relation) const override;

  /// The sums of the readings that have ended; warnings that were the same in several once. After
  /// all have been destroyed.
  engine::Summary take_summary();

 private:
  class Reading;
  void add(engine::Summary summary);

  const Query& query_;
  const dataset::Snapshot& snapshot_;
  const engine::Options& options_;
  const std::stop_token stop_;
  base::Progress* const progress_;
  size_t readings_ = 0;
  base::Mutex mutex_;
  engine::Summary summary_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::sql
