// Lines in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/memory_budget.h"

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
  uint64_t offset = 0;       ///< of `begin` in the (decompressed) source
  uint64_t first_line = 0;   ///< number of the first line, 0 if it has to be counted
  bool ends_source = false;  ///< nothing of the source comes after it
  bool left_out = false;     ///< the source was found, not named, and holds no resources: no lines
  bool laid_out = false;     ///< the lines are not the source's own, and may be of any length
};

}  // namespace kiln::dataset
