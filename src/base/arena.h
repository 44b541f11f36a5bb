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

namespace kiln::base {

/// Not thread-safe. Everything allocated lives until reset(), which keeps the first chunks for the
/// next round, so that a steady load allocates nothing.
class Arena {
 public:
  Arena() = default;
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

  void reset() {
    if (chunks_.size() > 1) keep_largest();
    if (!chunks_.empty()) enter(chunks_.front());
    used_before_ = 0;
  }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  static constexpr size_t kFirstChunk = 16 * 1024;
  static constexpr size_t kLargestKept = 1024 * 1024;

  void enter(const Chunk& chunk) {
    begin_ = next_ = reinterpret_cast<uintptr_t>(chunk.bytes.get());
    end_ = next_ + chunk.size;
  }

  void* allocate_chunk(size_t bytes, size_t alignment) {
    if (next_ != 0) used_before_ += next_ - begin_;
    size_t size = chunks_.empty() ? kFirstChunk : chunks_.back().size * 2;
    if (size > kLargestKept) size = kLargestKept;
    if (size < bytes + alignment) size = bytes + alignment;
    chunks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    enter(chunks_.back());
    return allocate(bytes, alignment);
  }

  void keep_largest() {
    size_t best = 0;
    for (size_t i = 1; i < chunks_.size(); ++i) {
      if (chunks_[i].size <= kLargestKept && chunks_[i].size > chunks_[best].size) best = i;
    }
    std::swap(chunks_[0], chunks_[best]);
    chunks_.resize(1);
    if (chunks_[0].size > kLargestKept) chunks_.clear(), next_ = end_ = begin_ = 0;
  }

  std::vector<Chunk> chunks_;
  uintptr_t begin_ = 0;
  uintptr_t next_ = 0;
  uintptr_t end_ = 0;
  size_t used_before_ = 0;
};

}  // namespace kiln::base
