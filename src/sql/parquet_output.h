// Parquet files, written by DuckDB.
#pragma once

#include <memory>
#include <string>

#include "base/memory_budget.h"
#include "base/mutex.h"
#include "engine/output.h"

namespace kiln::sql {

class Instance;

/// Makes Parquet outputs. Those that are open at the same time share one DuckDB, which encodes the
/// row groups of all of them on some threads of its own. Thread-safe; outlives its outputs.
class ParquetWriters {
 public:
  /// DuckDB may use what `memory` holds (null: what it takes for right), and holds it while an
  /// output is open; an output that needs more fails with kLimit. `memory` outlives this.
  explicit ParquetWriters(unsigned threads, base::CommonMemory* memory = nullptr);
  ~ParquetWriters();

  /// Writes the rows to `path`, over the file that is there: zstd, columns of the schema's types,
  /// in the order they come (engine::RowsPiece); the bytes do not depend on the number of threads.
  /// After a failure, or if it is destroyed before finish(), the file is removed. `schema` must
  /// outlive the output. kNoMemory if the first output has no room for DuckDB's memory.
  base::Result<std::unique_ptr<engine::Output>> open(const std::string& path,
                                                     const table::Schema& schema);

 private:
  const unsigned threads_;
  base::CommonMemory* const memory_;
  base::Mutex mutex_;
  std::weak_ptr<Instance> instance_ KILN_GUARDED_BY(mutex_);  ///< goes with its last output
  uint64_t opened_ KILN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kiln::sql
