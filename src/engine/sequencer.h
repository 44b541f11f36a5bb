// Puts the workers' results back in the order of the input.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/mutex.h"
#include "base/pool.h"
#include "engine/pipeline.h"

namespace kiln::engine {

/// What one block has come to.
struct BlockResult {
  std::vector<std::unique_ptr<Piece>> pieces;  ///< by subject; null for none
  uint64_t bytes = 0;
  uint64_t bad_lines = 0;
  uint64_t bad_rows = 0;
  uint64_t failed_casts = 0;
  uint64_t other_type = 0;
  std::vector<uint64_t> found;  ///< resources by group
  bool left_out = false;        ///< the source holds no resources
  size_t source = 0;
  std::vector<base::Error> examples;
  std::optional<base::Error> error;  ///< ends the run here
  base::MemoryReservation memory;    ///< of the pieces
};

/// Workers deposit results by ordinal, on threads of a pool; whoever completes the next ones writes
/// them. Workers that are too far ahead rest, so that memory is bounded. Thread-safe.
class Sequencer {
 public:
  /// `window`: how many blocks may be claimed and not written.
  Sequencer(const dataset::Snapshot& snapshot, const std::vector<Subject>& subjects,
            const Options& options, base::Pool& pool, uint64_t window, Progress* progress);

  /// Asked before a block is claimed. False: the worker is to rest, and is taken up again by
  /// `resume`, which is called when there is room.
  [[nodiscard]] bool may_claim(std::function<void()> resume);
  void deposit(uint64_t ordinal, BlockResult result);
  /// Rows of a block that is not done yet and has too many to keep: waits for its turn. False when
  /// the run has ended (an error, a stop, the limit): the worker should end too.
  bool write_early(uint64_t ordinal, size_t subject, std::unique_ptr<Piece> piece);
  /// A worker has nothing more to do.
  void leave();
  /// Until all of so many workers have left, or the run has ended.
  void wait(unsigned workers, const std::stop_token& stop);
  /// A worker cannot go on: nobody waits for its block any more.
  void fail(base::Error error);
  bool ended() const { return ended_.load(std::memory_order_relaxed); }
  /// After all workers have ended: finishes the outputs, or gives the first error in input order.
  /// `wanted`: the sources that were read, which must not have changed.
  base::Result<Summary> finish(const std::vector<bool>& wanted, const std::stop_token& stop);
  /// After finish(): resources by group.
  const std::vector<uint64_t>& found() const { return found_; }

 private:
  base::Status failure();
  void drain() KILN_REQUIRES(mutex_);
  void write_now(size_t subject, std::unique_ptr<Piece> piece) KILN_REQUIRES(mutex_);
  void wake_resting() KILN_REQUIRES(mutex_);
  base::Status write(BlockResult& result);
  void count(const BlockResult& result);
  void warn(size_t source, std::string text);
  void warn_of_other_types();
  base::Status write_piece(size_t subject, std::unique_ptr<Piece> piece);
  bool is_full() const;
  void end() {
    ended_.store(true, std::memory_order_relaxed);
    changed_.notify_all();
    over_.notify_all();
  }

  /// Lines of another type than their source's name says.
  struct OtherTypes {
    size_t source;
    uint64_t lines;
  };

  const dataset::Snapshot& snapshot_;
  const std::vector<Subject>& subjects_;
  const Options& options_;
  base::Pool& pool_;
  const uint64_t window_;
  Progress* const progress_;

  std::atomic<bool> ended_{false};
  base::Mutex mutex_;
  base::Condition changed_;                       ///< whose turn it is to write
  base::Condition over_;                          ///< a worker has left, or the run has ended
  uint64_t next_ KILN_GUARDED_BY(mutex_) = 0;     ///< ordinal to be written next
  uint64_t claimed_ KILN_GUARDED_BY(mutex_) = 0;  ///< blocks, or about to be
  unsigned left_ KILN_GUARDED_BY(mutex_) = 0;     ///< workers that are done
  std::map<uint64_t, BlockResult> waiting_ KILN_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> resting_ KILN_GUARDED_BY(mutex_);
  bool writing_ KILN_GUARDED_BY(mutex_) = false;
  std::optional<base::Error> failure_ KILN_GUARDED_BY(mutex_);  ///< of fail(), the first
  // Touched by the writing worker alone, or after all have ended.
  Summary summary_;
  std::vector<uint64_t> found_;
  std::optional<OtherTypes> other_types_;  ///< of the source at hand
  std::optional<base::Error> error_;
};

}  // namespace kiln::engine
