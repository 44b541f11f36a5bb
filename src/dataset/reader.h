// Resources of a snapshot in blocks of whole lines, for many workers at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "dataset/byte_stream.h"
#include "dataset/snapshot.h"

namespace kiln::dataset {

/// Memory for one block, owned by a worker and reused. Has room for padding behind the lines.
class BlockBuffer {
 public:
  /// `memory`: what it draws from, which outlives it; null: unbounded.
  explicit BlockBuffer(base::MemoryReservation* memory = nullptr) : memory_(memory) {}
  ~BlockBuffer() { release(); }
  BlockBuffer(const BlockBuffer&) = delete;
  BlockBuffer& operator=(const BlockBuffer&) = delete;

  char* data() { return bytes_.get(); }
  size_t capacity() const { return capacity_; }
  /// Makes room for `size` bytes and padding; the first `keep` bytes stay.
  void reserve(size_t size, size_t keep);
  /// Gives all back if there is more than `most`: one long line must not hold its memory for ever.
  void shrink(size_t most) {
    if (capacity_ > most) release();
  }

 private:
  void release();

  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<char, Free> bytes_;  // page-aligned: the kernel copies faster between pages
  size_t capacity_ = 0;
  base::MemoryReservation* const memory_;
};

/// Whole lines: [begin, end), the last one ended by '\n' too, with json::kPadding bytes behind.
struct Block {
  const char* begin = nullptr;
  const char* end = nullptr;
  uint64_t offset = 0;      ///< of `begin` in the (decompressed) file
  uint64_t first_line = 0;  ///< number of the first line, 0 if it has to be counted
};

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
  /// File and line number of a byte of a block. May read the file again to count.
  base::SourcePosition position(const Part& part, const Block& block, const char* at) const;

 private:
  struct Stream;
  base::Result<bool> claim_stream(Part& part, BlockBuffer& buffer) KILN_REQUIRES(mutex_);
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
