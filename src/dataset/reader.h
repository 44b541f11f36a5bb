// Resources of a snapshot in blocks of whole lines, for many workers at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "dataset/block.h"
#include "dataset/snapshot.h"

namespace kiln::dataset {

/// Thread-safe: workers claim parts and load them. The snapshot must outlive the reader.
class Reader {
 public:
  /// Only sources for which `wanted` is true are read.
  Reader(const Snapshot& snapshot, std::vector<bool> wanted, ReaderOptions options);

  /// Takes the next part. False at the end. Sources that can only be read from front to back are
  /// read into `buffer` here, one worker at a time. An error belongs to the part, whose ordinal is
  /// set.
  base::Result<bool> claim(Part& part, BlockBuffer& buffer);
  /// The lines that begin in the part. Empty if a longer line covers it.
  base::Result<Block> load(const Part& part, BlockBuffer& buffer) const;

  const Source& source(size_t index) const { return *snapshot_.sources[index]; }
  /// As Source::position().
  base::SourcePosition position(const Part& part, const Block& block, const char* at,
                                const std::string& place = {}) const;

 private:
  void begin_next() KILN_REQUIRES(mutex_);

  const Snapshot& snapshot_;
  const std::vector<bool> wanted_;
  const ReaderOptions options_;
  base::Mutex mutex_;
  uint64_t next_ordinal_ KILN_GUARDED_BY(mutex_) = 0;
  size_t source_ KILN_GUARDED_BY(mutex_) = 0;
  size_t opened_ KILN_GUARDED_BY(mutex_) = 0;  ///< sources before this one were opened ahead
  std::unique_ptr<Parts> parts_ KILN_GUARDED_BY(mutex_);  ///< of the source at hand
};

}  // namespace kiln::dataset
