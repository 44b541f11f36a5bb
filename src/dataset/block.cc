#include "dataset/block.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "json/line_parser.h"

namespace kiln::dataset {
namespace {

constexpr size_t kPageSize = 4096;

}  // namespace

void BlockBuffer::reserve(size_t size, size_t keep) {
  const size_t needed = size + 1 + json::kPadding;
  if (needed <= capacity_) return;
  const size_t capacity =
      (std::max(needed, capacity_ + capacity_ / 2) + kPageSize - 1) / kPageSize * kPageSize;
  base::MemoryReservation none;
  base::MemoryReservation& memory = memory_ != nullptr ? *memory_ : none;
  memory.take(capacity);
  std::unique_ptr<char, Free> bytes(static_cast<char*>(std::aligned_alloc(kPageSize, capacity)));
  if (!bytes) {
    memory.give_back(capacity);
    throw std::bad_alloc();
  }
  if (keep != 0) std::memcpy(bytes.get(), bytes_.get(), keep);
  release();
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

void BlockBuffer::release() {
  bytes_.reset();
  if (memory_ != nullptr) memory_->give_back(capacity_);
  capacity_ = 0;
}

}  // namespace kiln::dataset
