#include "base/memory_budget.h"

#include <algorithm>
#include <string>
#include <utility>

#include <malloc.h>

namespace kiln::base {
namespace {

Error never_fits(uint64_t limit) {
  return Error(ErrorCode::kLimit,
               "needs more memory than --memory-limit allows: " + std::to_string(limit) + " bytes");
}

}  // namespace

uint64_t MemoryBudget::taken() const {
  const MutexLock lock(mutex_);
  return taken_;
}

bool MemoryBudget::take(uint64_t bytes) {
  const MutexLock lock(mutex_);
  if (!fits(bytes)) return false;
  taken_ += bytes;
  return true;
}

bool MemoryBudget::may_go(uint64_t turn, uint64_t bytes, const CommonMemory* common) const {
  return waiting_.front() == turn && fits(bytes + missing(common));
}

uint64_t MemoryBudget::missing(const CommonMemory* common) {
  return common == nullptr || common->holders_ != 0 ? 0 : common->bytes_;
}

Status MemoryBudget::wait_for(uint64_t bytes, const std::stop_token& stop, CommonMemory* common) {
  const uint64_t most = common == nullptr ? bytes : bytes + common->bytes_;
  if (most > limit_ || most < bytes) return never_fits(limit_);
  const std::stop_callback wake(stop, [this] {
    const MutexLock lock(mutex_);  // not between the look of a waiter and its sleep
    changed_.notify_all();
  });
  const MutexLock lock(mutex_);
  const uint64_t turn = next_turn_++;
  waiting_.push_back(turn);
  while (!may_go(turn, bytes, common) && !stop.stop_requested()) changed_.wait(mutex_);
  const bool stopped = !may_go(turn, bytes, common);
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), turn));
  changed_.notify_all();  // the next may have its turn
  if (stopped) return Error(ErrorCode::kCancelled, "stopped while waiting for memory");
  taken_ += bytes + missing(common);
  if (common != nullptr) ++common->holders_;
  return {};
}

void MemoryBudget::give_back(uint64_t bytes) {
  const MutexLock lock(mutex_);
  taken_ -= bytes;
  if (!waiting_.empty()) changed_.notify_all();
}

Status CommonMemory::hold() {
  const MutexLock lock(budget_.mutex_);
  const uint64_t bytes = MemoryBudget::missing(this);
  if (!budget_.fits(bytes)) return Error::no_memory();
  budget_.taken_ += bytes;
  ++holders_;
  budget_.changed_.notify_all();  // who waits for it with something else needs less now
  return {};
}

void CommonMemory::release() {
  const MutexLock lock(budget_.mutex_);
  if (--holders_ != 0) return;
  budget_.taken_ -= bytes_;
  budget_.changed_.notify_all();
}

MemoryShare::~MemoryShare() {
  /// Beyond this the allocator is asked to give freed pages back, which takes milliseconds.
  static constexpr uint64_t kMuch = uint64_t{32} << 20;
  uint64_t most = 0;
  {
    const MutexLock lock(mutex_);
    if (held_ != 0) budget_.give_back(held_);
    if (common_ != nullptr) common_->release();
    most = most_;
  }
  if (most >= kMuch) ::malloc_trim(0);
}

Status MemoryShare::reserve(uint64_t bytes) {
  if (bytes > budget_.limit()) return never_fits(budget_.limit());
  if (!budget_.take(bytes)) return Error::no_memory();
  const MutexLock lock(mutex_);
  own_ = held_ = bytes;
  return {};
}

Status MemoryShare::wait(uint64_t bytes, const std::stop_token& stop, CommonMemory* common) {
  KILN_TRY(budget_.wait_for(bytes, stop, common));
  const MutexLock lock(mutex_);
  common_ = common;
  own_ = held_ = bytes;
  return {};
}

bool MemoryShare::could_fit(uint64_t bytes) const {
  const MutexLock lock(mutex_);
  return bytes <= budget_.limit() - used_;
}

bool MemoryShare::take(uint64_t bytes) {
  const MutexLock lock(mutex_);
  const uint64_t needed = used_ + bytes;
  if (needed > held_) {
    if (!budget_.take(needed - held_)) return false;
    held_ = needed;
  }
  used_ = needed;
  most_ = std::max(most_, used_);
  return true;
}

void MemoryShare::give_back(uint64_t bytes) {
  const MutexLock lock(mutex_);
  used_ -= bytes;
  const uint64_t kept = std::max(own_, used_);
  if (held_ > kept) budget_.give_back(std::exchange(held_, kept) - kept);
}

MemoryReservation::MemoryReservation(MemoryReservation&& other) noexcept
    : share_(other.share_),
      used_(std::exchange(other.used_, 0)),
      drawn_(std::exchange(other.drawn_, 0)) {}

MemoryReservation& MemoryReservation::operator=(MemoryReservation&& other) noexcept {
  give_all_back();
  share_ = other.share_;
  used_ = std::exchange(other.used_, 0);
  drawn_ = std::exchange(other.drawn_, 0);
  return *this;
}

bool MemoryReservation::try_take(uint64_t bytes) {
  const uint64_t needed = used_ + bytes;
  if (share_ != nullptr && needed > drawn_) {
    const uint64_t chunks = (needed - drawn_ + kChunk - 1) / kChunk * kChunk;
    if (!share_->take(chunks)) return false;
    drawn_ += chunks;
  }
  used_ = needed;
  return true;
}

void MemoryReservation::take(uint64_t bytes) {
  if (try_take(bytes)) return;
  throw MemoryRefused(share_->could_fit(bytes));
}

void MemoryReservation::give_all_back() {
  if (share_ != nullptr && drawn_ != 0) share_->give_back(drawn_);
  used_ = drawn_ = 0;
}

/// One chunk is kept, so that who takes and gives back in turns does not ask each time.
void MemoryReservation::give_back(uint64_t bytes) {
  used_ -= bytes;
  if (share_ == nullptr) return;
  const uint64_t kept = (used_ + kChunk - 1) / kChunk * kChunk + kChunk;
  if (drawn_ > kept) share_->give_back(std::exchange(drawn_, kept) - kept);
}

}  // namespace kiln::base
