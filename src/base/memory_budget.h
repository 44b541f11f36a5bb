// One bound on the memory of the process, and how work draws on it before it allocates.
#pragma once

#include <cstdint>
#include <deque>
#include <new>
#include <stop_token>

#include "base/error.h"
#include "base/mutex.h"

namespace kiln::base {

class CommonMemory;

/// What the process may use, in bytes. Made once, by the program, and passed to whoever needs it;
/// it outlives all shares. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  uint64_t limit() const { return limit_; }
  uint64_t taken() const;
  /// False, and nothing is taken, if that would pass the limit.
  [[nodiscard]] bool take(uint64_t bytes);
  /// Waits, in turn, until so much is free. kLimit at once for more than the limit; kCancelled. Who
  /// waits should hold nothing that others wait for. With `common` (may be null) both are had at
  /// once.
  Status wait_for(uint64_t bytes, const std::stop_token& stop, CommonMemory* common = nullptr);
  void give_back(uint64_t bytes);

 private:
  friend class CommonMemory;
  bool fits(uint64_t bytes) const KILN_REQUIRES(mutex_) { return bytes <= limit_ - taken_; }
  bool may_go(uint64_t turn, uint64_t bytes, const CommonMemory* common) const
      KILN_REQUIRES(mutex_);
  /// What `common` needs at the moment: nothing if somebody holds it.
  static uint64_t missing(const CommonMemory* common);

  const uint64_t limit_;
  mutable Mutex mutex_;
  Condition changed_;
  uint64_t taken_ KILN_GUARDED_BY(mutex_) = 0;
  uint64_t next_turn_ KILN_GUARDED_BY(mutex_) = 0;
  std::deque<uint64_t> waiting_ KILN_GUARDED_BY(mutex_);  ///< turns, the first in line first
};

/// A part of the budget that several hold together, for what a library allocates for all of them:
/// taken for the first, given back after the last. Outlives its holders. Thread-safe.
class CommonMemory {
 public:
  CommonMemory(MemoryBudget& budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}
  CommonMemory(const CommonMemory&) = delete;
  CommonMemory& operator=(const CommonMemory&) = delete;

  uint64_t bytes() const { return bytes_; }
  /// One holder more. kNoMemory if that would be the first, and the part is not free now.
  Status hold();
  /// One less, after a hold() or a wait of the budget's.
  void release();

 private:
  friend class MemoryBudget;
  MemoryBudget& budget_;
  const uint64_t bytes_;
  uint64_t holders_ = 0;  ///< guarded by the budget's mutex
};

/// What one piece of work (a job, a request, a command) has of the budget: a part that is its own
/// from the start, if it asked for one, and what it draws beyond that. Outlives what draws on it.
/// Thread-safe: its workers draw on it in chunks.
class MemoryShare {
 public:
  explicit MemoryShare(MemoryBudget& budget) : budget_(budget) {}
  ~MemoryShare();
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  /// So much is this work's own from now on. To be called once, before anything is drawn.
  /// kNoMemory if it is not free (kLimit: never); wait(): when it is, and `common` (may be null)
  /// too, which is held as long as this lives.
  Status reserve(uint64_t bytes);
  Status wait(uint64_t bytes, const std::stop_token& stop, CommonMemory* common = nullptr);

  [[nodiscard]] bool take(uint64_t bytes);
  void give_back(uint64_t bytes);
  /// Whether `bytes` more would fit if this were the only work.
  bool could_fit(uint64_t bytes) const;
  const MemoryBudget& budget() const { return budget_; }

 private:
  MemoryBudget& budget_;
  mutable Mutex mutex_;
  uint64_t own_ KILN_GUARDED_BY(mutex_) = 0;
  uint64_t used_ KILN_GUARDED_BY(mutex_) = 0;
  uint64_t held_ KILN_GUARDED_BY(mutex_) = 0;  ///< of the budget: own_ or used_, whichever is more
  uint64_t most_ KILN_GUARDED_BY(mutex_) = 0;
  CommonMemory* common_ KILN_GUARDED_BY(mutex_) = nullptr;
};

/// Thrown where memory is allocated and there is no room for it; error_of() and guarded() make an
/// error of it: kLimit if it could never fit, kNoMemory if others have too much now.
class MemoryRefused : public std::bad_alloc {
 public:
  explicit MemoryRefused(bool could_fit) : could_fit_(could_fit) {}
  bool could_fit() const { return could_fit_; }
  const char* what() const noexcept override {
    return "needs more memory than --memory-limit allows";
  }

 private:
  bool could_fit_;
};

/// What one worker draws of a share; the share is asked once in kChunk bytes. Not thread-safe.
class MemoryReservation {
 public:
  static constexpr uint64_t kChunk = uint64_t{1} << 20;

  /// Null: without a bound. The share outlives it.
  explicit MemoryReservation(MemoryShare* share = nullptr) : share_(share) {}
  ~MemoryReservation() { give_all_back(); }
  MemoryReservation(MemoryReservation&& other) noexcept;
  MemoryReservation& operator=(MemoryReservation&& other) noexcept;

  /// False, and nothing is taken, if there is no room.
  [[nodiscard]] bool try_take(uint64_t bytes);
  /// Throws MemoryRefused if there is no room.
  void take(uint64_t bytes);
  void give_back(uint64_t bytes);
  void give_all_back();
  uint64_t used() const { return used_; }

 private:
  MemoryShare* share_;
  uint64_t used_ = 0;
  uint64_t drawn_ = 0;  ///< of the share, in chunks
};

}  // namespace kiln::base
