// Memory for the values of one resource: handed out by moving a pointer, given back all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/memory_budget.h"

namespace kiln::base {

/// Thrown by an arena that may not grow.
class ArenaFull : public MemoryRefused {
 public:
  ArenaFull() : MemoryRefused(false) {}
  const char* what() const noexcept override { return "needs too much memory"; }
};

/// Not thread-safe. Everything allocated lives until reset(), which keeps some megabytes of chunks
/// for the next round, so that a steady load allocates nothing. Memory is drawn before it is
/// allocated: ArenaFull beyond the arena's limit, MemoryRefused beyond the reservation's.
class Arena {
 public:
  Arena() = default;
  /// At most `limit` bytes, chunk ends included, out of `memory` (null: not counted), which
  /// outlives the arena.
  explicit Arena(MemoryReservation* memory, size_t limit = SIZE_MAX)
      : memory_(memory), limit_(limit) {}
  ~Arena() { release_chunks(0); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes, size_t alignment = alignof(std::max_align_t)) {
    uintptr_t at = (next_ + alignment - 1) & ~(alignment - 1);
    if (at + bytes > end_ || next_ == 0) return allocate_chunk(bytes, alignment);
    next_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena runs no destructors");
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  /// Uninitialised.
  template <typename T>
  T* make_array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena runs no destructors");
    return static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
  }

  std::string_view copy(std::string_view text) {
    char* const to = static_cast<char*>(allocate(text.size(), 1));
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  /// Bytes handed out since the last reset, chunk ends included.
  size_t used() const { return used_before_ + (next_ == 0 ? 0 : next_ - begin_); }
  /// Bytes allocated.
  size_t held() const { return held_; }

  void reset() {
    if (held_ > kMostKept) release_chunks(kMostKept);
    used_before_ = 0;
    current_ = 0;
    next_ = end_ = begin_ = 0;
    if (!chunks_.empty()) enter(chunks_.front());
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  static constexpr size_t kFirstChunk = 16 * 1024;
  static constexpr size_t kLargestChunk = 1024 * 1024;
  static constexpr size_t kMostKept = 4 * 1024 * 1024;

  void enter(const Chunk& chunk) {
    begin_ = next_ = reinterpret_cast<uintptr_t>(chunk.bytes.get());
    end_ = next_ + chunk.size;
  }

  /// Apart, so that allocate() is small enough to stand wherever it is called.
  [[gnu::noinline]] void* allocate_chunk(size_t bytes, size_t alignment) {
    if (bytes > SIZE_MAX / 2) throw ArenaFull();
    if (next_ != 0) {
      used_before_ += next_ - begin_;
      ++current_;
    }
    // Chunks that a reset has kept; those that are too small for this piece are passed over.
    while (current_ < chunks_.size() && chunks_[current_].size < bytes + alignment) ++current_;
    if (current_ == chunks_.size()) add_chunk(bytes + alignment);
    enter(chunks_[current_]);
    return allocate(bytes, alignment);
  }

  void add_chunk(size_t least) {
    size_t size = chunks_.empty() ? kFirstChunk : chunks_.back().size * 2;
    if (size > kLargestChunk) size = kLargestChunk;
    const size_t left = limit_ - held_;
    if (size > left) size = left;
    if (size < least) size = least;
    // In this order, so that a refusal leaves the arena as it was, but for the rest of its chunk.
    next_ = end_ = begin_ = 0;
    if (size > left) throw ArenaFull();
    chunks_.reserve(chunks_.size() + 1);
    if (memory_ != nullptr) memory_->take(size);
    held_ += size;
    std::unique_ptr<char[]> memory(new char[size]);
    chunks_.push_back({std::move(memory), size});
  }

  /// Frees chunks from the end on, and all large ones, until no more than `most` bytes are held.
  void release_chunks(size_t most) {
    size_t kept = 0;
    size_t count = 0;
    for (Chunk& chunk : chunks_) {
      if (kept + chunk.size > most) continue;
      kept += chunk.size;
      std::swap(chunks_[count++], chunk);
    }
    chunks_.resize(count);
    if (memory_ != nullptr) memory_->give_back(held_ - kept);
    held_ = kept;
  }

  MemoryReservation* const memory_ = nullptr;
  const size_t limit_ = SIZE_MAX;
  std::vector<Chunk> chunks_;
  size_t current_ = 0;  ///< index of the chunk that is being handed out
  size_t held_ = 0;
  uintptr_t begin_ = 0;
  uintptr_t next_ = 0;
  uintptr_t end_ = 0;
  size_t used_before_ = 0;
};

}  // namespace kiln::base
