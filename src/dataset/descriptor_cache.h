// Few descriptors for many files.
#pragma once

#include <cstddef>
#include <list>

#include "base/mutex.h"
#include "base/patience.h"

namespace kiln::dataset {

/// Keeps the descriptors of the files that were used last open, up to a number of them; whoever
/// uses another file again has to open it again. Thread-safe.
class DescriptorCache {
 public:
  /// One file's place in the cache. Belongs to the file; the cache alone looks into it.
  struct Slot {
    int descriptor = -1;  ///< -1: closed
    unsigned users = 0;
    std::list<Slot*>::iterator idle;  ///< if it is open without users
  };

  /// More are open for a while if more than `capacity` are in use at once.
  explicit DescriptorCache(size_t capacity, base::PatienceOptions patience = {})
      : patience_(std::move(patience)), capacity_(capacity) {}
  DescriptorCache(const DescriptorCache&) = delete;
  DescriptorCache& operator=(const DescriptorCache&) = delete;

  /// What one owner of files may keep open: a `share`-th of the process's soft limit, bounded.
  static size_t sensible_capacity(size_t share);

  /// Takes over a descriptor that was just opened, and closes what is too many.
  void add(Slot& slot, int descriptor);
  /// The descriptor, open until release(); -1 if it is closed: then open it and use_opened().
  [[nodiscard]] int use(Slot& slot);
  /// Takes over `descriptor`. The one to use until release(): another thread may have been faster.
  [[nodiscard]] int use_opened(Slot& slot, int descriptor);
  void release(Slot& slot);
  [[nodiscard]] bool is_open(const Slot& slot) const;
  /// Closes it, if it is open. Nobody may be using it.
  void remove(Slot& slot);

  size_t capacity() const { return capacity_; }
  size_t open_count() const;
  /// With which its files are opened and looked at.
  base::Patience& patience() { return patience_; }

 private:
  int begin_use(Slot& slot) KILN_REQUIRES(mutex_);
  /// Ends a use, and tells what is to be closed then, -1 for nothing.
  int end_use(Slot& slot) KILN_REQUIRES(mutex_);

  base::Patience patience_;
  const size_t capacity_;
  mutable base::Mutex mutex_;
  std::list<Slot*> idle_ KILN_GUARDED_BY(mutex_);  ///< open without users, the last used in front
  size_t open_ KILN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kiln::dataset
