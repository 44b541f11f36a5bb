#include "dataset/descriptor_cache.h"

#include <algorithm>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace kiln::dataset {
namespace {

void close_if_open(int descriptor) {
  if (descriptor >= 0) close(descriptor);
}

}  // namespace

size_t DescriptorCache::sensible_capacity(size_t share) {
  static constexpr size_t kUsual = 1024;
  static constexpr size_t kLeast = 8;
  static constexpr size_t kMost = 16 * 1024;
  rlimit limit{};
  const size_t allowed =
      getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<size_t>(limit.rlim_cur) : kUsual;
  return std::clamp(allowed / share, kLeast, kMost);
}

int DescriptorCache::begin_use(Slot& slot) {
  if (slot.users++ == 0) idle_.erase(slot.idle);
  return slot.descriptor;
}

int DescriptorCache::end_use(Slot& slot) {
  if (--slot.users != 0) return -1;
  idle_.push_front(&slot);
  slot.idle = idle_.begin();
  if (open_ <= capacity_) return -1;
  Slot& oldest = *idle_.back();
  idle_.pop_back();
  --open_;
  return std::exchange(oldest.descriptor, -1);
}

void DescriptorCache::add(Slot& slot, int descriptor) {
  const int used = use_opened(slot, descriptor);
  static_cast<void>(used);
  release(slot);
}

int DescriptorCache::use(Slot& slot) {
  base::MutexLock lock(mutex_);
  return slot.descriptor < 0 ? -1 : begin_use(slot);
}

int DescriptorCache::use_opened(Slot& slot, int descriptor) {
  base::MutexLock lock(mutex_);
  if (slot.descriptor >= 0) {
    close(descriptor);
    return begin_use(slot);
  }
  slot.descriptor = descriptor;
  slot.users = 1;
  ++open_;
  return descriptor;
}

void DescriptorCache::release(Slot& slot) {
  base::MutexLock lock(mutex_);
  const int unwanted = end_use(slot);
  lock.unlock();
  close_if_open(unwanted);
}

bool DescriptorCache::is_open(const Slot& slot) const {
  base::MutexLock lock(mutex_);
  return slot.descriptor >= 0;
}

void DescriptorCache::remove(Slot& slot) {
  base::MutexLock lock(mutex_);
  if (slot.descriptor < 0) return;
  idle_.erase(slot.idle);
  --open_;
  const int unwanted = std::exchange(slot.descriptor, -1);
  lock.unlock();
  close(unwanted);
}

size_t DescriptorCache::open_count() const {
  base::MutexLock lock(mutex_);
  return open_;
}

}  // namespace kiln::dataset
