// Resources of a snapshot in blocks of whole lines, for many workers at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "dataset/block.h"
#include "dataset/byte_stream.h"
#include "dataset/open_file.h"

namespace kiln::dataset {

/// A part of the work: a range of a file, or a block that was read already because the file can
/// only be read from front to back.
struct Part {
  uint64_t ordinal = 0;  ///< position in the order of the input, from 0 without gaps
  size_t file = 0;       ///< index in the snapshot
  uint64_t offset = 0;
  uint64_t size = 0;  ///< of the file on disk, for progress
  bool loaded = false;
  Block block;  ///< if loaded
};

struct ReaderOptions {
  size_t part_size = 1 << 20;
  size_t max_line_size = size_t{256} << 20;
  std::stop_token stop = {};  ///< ends waiting for a pipe
};

/// Thread-safe: workers claim parts and load them. The snapshot must outlive the reader.
class Reader {
 public:
  /// Only files for which `wanted` is true are read.
  Reader(const Snapshot& snapshot, std::vector<bool> wanted, ReaderOptions options);
  ~Reader();

  /// Takes the next part. False at the end. Front-to-back files are read into `buffer` here, one
  /// worker at a time. An error belongs to the part, whose ordinal is set.
  base::Result<bool> claim(Part& part, BlockBuffer& buffer);
  /// The lines that begin in the part. Empty if a longer line covers it.
  base::Result<Block> load(const Part& part, BlockBuffer& buffer) const;

  const OpenFile& file(size_t index) const { return *snapshot_.files[index]; }
  /// File and line number of a byte of a block. May read the file again to count. Of a .json file,
  /// whose lines are not its own, it is the resource: `place` tells which of a Bundle.
  base::SourcePosition position(const Part& part, const Block& block, const char* at,
                                const std::string& place = {}) const;

 private:
  struct Stream;
  base::Result<bool> claim_of_file(Part& part, BlockBuffer& buffer) KILN_REQUIRES(mutex_);
  base::Result<bool> claim_stream(Part& part, BlockBuffer& buffer) KILN_REQUIRES(mutex_);
  base::Status begin_stream(const OpenFilePtr& file) KILN_REQUIRES(mutex_);
  /// Of the line that begins at `offset`; `line` is its number, 0 if it has to be counted.
  base::Error too_long(const OpenFile& file, uint64_t offset, uint64_t line) const;

  const Snapshot& snapshot_;
  const std::vector<bool> wanted_;
  const ReaderOptions options_;
  base::Mutex mutex_;
  uint64_t next_ordinal_ KILN_GUARDED_BY(mutex_) = 0;
  size_t file_ KILN_GUARDED_BY(mutex_) = 0;
  uint64_t offset_ KILN_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Stream> stream_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::dataset
