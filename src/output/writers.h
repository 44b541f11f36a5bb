// The one way from rows to files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "engine/output.h"
#include "output/file.h"
#include "output/layout.h"
#include "sql/parquet_output.h"

namespace kiln::output {

/// A file that is complete.
struct WrittenFile {
  uint64_t part;  ///< as given to Files::create()
  uint64_t rows;
  base::FileDigest digest;
};

/// An engine::Output that tells its files. They are finished in order; the last one, and one for an
/// output without rows, by finish().
class RowsOutput : public engine::Output {
 public:
  const std::vector<WrittenFile>& files() const { return files_; }

 protected:
  std::vector<WrittenFile> files_;
};

/// Makes outputs, and holds what those of one process share. Thread-safe; outlives its outputs.
class Writers {
 public:
  /// `threads` beside the pipeline's may work on files that cannot be made piece by piece.
  /// `scratch_dir` is for files on their way to where only bytes can go. Half of `memory` (null:
  /// unbounded; outlives this) is for libraries that allocate by themselves; less if some is taken
  /// already, which is taken for good.
  Writers(unsigned threads, std::string scratch_dir, base::MemoryBudget* memory);
  ~Writers();

  /// What outputs of the layout hold together as long as any is open; null: nothing. Whoever waits
  /// for memory should wait for that too, as open() does not.
  base::CommonMemory* common_memory(const Layout& layout);

  /// `schema` must outlive the output; check_format() must have passed. kNoMemory if there is no
  /// room for the common memory.
  base::Result<std::unique_ptr<RowsOutput>> open(const Layout& layout, const table::Schema& schema,
                                                 std::unique_ptr<Files> files);

  /// For the library's own outputs.
  sql::ParquetWriters& parquet() { return parquet_; }
  unsigned threads() const { return threads_; }
  std::string scratch_path() const;

 private:
  const unsigned threads_;
  const std::string scratch_dir_;
  std::optional<base::CommonMemory> parquet_memory_;
  sql::ParquetWriters parquet_;
};

}  // namespace kiln::output
