// Parquet files, written by DuckDB.
#pragma once

#include <memory>
#include <string>

#include "base/mutex.h"
#include "engine/output.h"

namespace kiln::sql {

class Instance;

/// Makes Parquet outputs. Those that are open at the same time share one DuckDB, which encodes the
/// row groups of all of them on some threads of its own. Thread-safe; outlives its outputs.
class ParquetWriters {
 public:
  /// DuckDB may use half of `process_memory` bytes (0: what it takes for right), which it does not
  /// draw; an output that needs more fails with kLimit.
  explicit ParquetWriters(unsigned threads, uint64_t process_memory = 0);
  ~ParquetWriters();

  /// Writes the rows to `path`, over the file that is there: zstd, columns of the schema's types,
  /// in the order they come (engine::RowsPiece); the bytes do not depend on the number of threads.
  /// After a failure, or if it is destroyed before finish(), the file is removed. `schema` must
  /// outlive the output.
  base::Result<std::unique_ptr<engine::Output>> open(const std::string& path,
                                                     const table::Schema& schema);

 private:
  const unsigned threads_;
  const uint64_t process_memory_;
  base::Mutex mutex_;
  std::weak_ptr<Instance> instance_ KILN_GUARDED_BY(mutex_);  ///< goes with its last output
  uint64_t opened_ KILN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kiln::sql
