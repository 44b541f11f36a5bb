#include "engine/sequencer.h"

#include <algorithm>

#include "base/guarded.h"

namespace kiln::engine {

Sequencer::Sequencer(const dataset::Snapshot& snapshot, const std::vector<Subject>& subjects,
                     const Options& options, base::Pool& pool, uint64_t window, Progress* progress)
    : snapshot_(snapshot),
      subjects_(subjects),
      options_(options),
      pool_(pool),
      window_(window),
      progress_(progress) {
  summary_.rows.resize(subjects.size(), 0);
}

bool Sequencer::may_claim(std::function<void()> resume) {
  base::MutexLock lock(mutex_);
  if (ended() || claimed_ < next_ + window_) {
    ++claimed_;
    return true;
  }
  resting_.push_back(std::move(resume));
  return false;
}

void Sequencer::deposit(uint64_t ordinal, BlockResult result) {
  base::MutexLock lock(mutex_);
  if (ended()) return;
  waiting_.emplace(ordinal, std::move(result));
  if (!writing_ && ordinal == next_) drain();
}

bool Sequencer::write_early(uint64_t ordinal, size_t subject, std::unique_ptr<Piece> piece) {
  const base::Pool::Waiting waiting(pool_);
  base::MutexLock lock(mutex_);
  while ((ordinal != next_ || writing_) && !ended()) changed_.wait(mutex_);
  if (!ended()) write_now(subject, std::move(piece));
  return !ended();
}

void Sequencer::leave() {
  base::MutexLock lock(mutex_);
  ++left_;
  over_.notify_all();
}

void Sequencer::wait(unsigned workers, const std::stop_token& stop) {
  // Registered before the lock is taken, as it may run at once; under the lock, so that it does not
  // come between the look of a waiter and its sleep.
  const std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mutex_);
    end();
  });
  base::MutexLock lock(mutex_);
  while (!ended() && left_ < workers) over_.wait(mutex_);
  end();
  resting_.clear();  // they have nothing more to do
}

void Sequencer::write_now(size_t subject, std::unique_ptr<Piece> piece) {
  writing_ = true;
  mutex_.unlock();
  base::Status status = base::guarded([&] { return write_piece(subject, std::move(piece)); });
  mutex_.lock();
  writing_ = false;
  if (!status.ok()) error_ = std::move(status).error();
  if (error_ || is_full()) end();
}

/// Writes what is next in order, without the lock while it writes: to write may be to wait, for a
/// client or a store.
void Sequencer::drain() {
  const base::Pool::Waiting waiting(pool_);
  writing_ = true;
  for (auto first = waiting_.find(next_); first != waiting_.end() && !ended();
       first = waiting_.find(next_)) {
    BlockResult result = std::move(first->second);
    waiting_.erase(first);
    mutex_.unlock();
    base::Status status = base::guarded([&] { return write(result); });
    result = BlockResult();  // its memory goes before the next one is taken
    mutex_.lock();
    ++next_;
    if (!status.ok()) {
      error_ = std::move(status).error();
      end();
    }
    wake_resting();
  }
  writing_ = false;
  changed_.notify_all();
}

void Sequencer::wake_resting() {
  for (const auto& resume : std::exchange(resting_, {})) resume();
}

void Sequencer::fail(base::Error error) {
  base::MutexLock lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  end();
}

base::Status Sequencer::failure() {
  base::MutexLock lock(mutex_);
  if (!failure_) return {};
  return std::move(*failure_);
}

base::Status Sequencer::write(BlockResult& result) {
  static constexpr size_t kMostExamples = 10;
  count(result);
  summary_.bytes += result.bytes;
  summary_.bad_lines += result.bad_lines;
  summary_.bad_rows += result.bad_rows;
  summary_.failed_casts += result.failed_casts;
  for (base::Error& example : result.examples) {
    if (summary_.examples.size() < kMostExamples) summary_.examples.push_back(std::move(example));
  }
  for (size_t i = 0; i < result.pieces.size(); ++i) {
    if (result.pieces[i]) KILN_TRY(write_piece(i, std::move(result.pieces[i])));
  }
  if (progress_ != nullptr) progress_->bytes.fetch_add(result.bytes, std::memory_order_relaxed);
  if (result.error) return std::move(*result.error);
  if (is_full()) end();
  return {};
}

void Sequencer::count(const BlockResult& result) {
  found_.resize(std::max(found_.size(), result.found.size()), 0);
  for (size_t i = 0; i < result.found.size(); ++i) {
    found_[i] += result.found[i];
    summary_.resources += result.found[i];
  }
  if (result.left_out) warn(result.source, "the file holds no resources, and is left out");
  if (result.other_type == 0) return;
  if (other_types_ && other_types_->source != result.source) warn_of_other_types();
  if (!other_types_) other_types_ = OtherTypes{result.source, 0};
  other_types_->lines += result.other_type;
}

void Sequencer::warn(size_t source, std::string text) {
  summary_.warnings.push_back(base::Error(base::ErrorCode::kInvalid, std::move(text))
                                  .at({snapshot_.sources[source]->about().name, 0, 0}));
}

void Sequencer::warn_of_other_types() {
  if (!other_types_) return;
  const uint64_t lines = other_types_->lines;
  warn(other_types_->source, std::to_string(lines) + (lines == 1 ? " line is" : " lines are") +
                                 " of another type than the file's name says, and left out");
  other_types_.reset();
}

base::Status Sequencer::write_piece(size_t subject, std::unique_ptr<Piece> piece) {
  const uint64_t left = options_.limit - summary_.rows[subject];
  const uint64_t rows = std::min(piece->rows, left);
  if (rows == 0) return {};
  KILN_TRY(subjects_[subject].output->write(std::move(piece), left));
  summary_.rows[subject] += rows;
  if (progress_ != nullptr) {
    progress_->rows.fetch_add(rows, std::memory_order_relaxed);
    progress_->subject.store(subject, std::memory_order_relaxed);
  }
  return {};
}

bool Sequencer::is_full() const {
  return std::all_of(summary_.rows.begin(), summary_.rows.end(),
                     [this](uint64_t rows) { return rows == options_.limit; });
}

base::Result<Summary> Sequencer::finish(const std::vector<bool>& wanted,
                                        const std::stop_token& stop) {
  if (error_) return std::move(*error_);
  KILN_TRY(failure());
  if (stop.stop_requested()) {
    return base::Error(base::ErrorCode::kCancelled, "the run was stopped");
  }
  KILN_TRY(snapshot_.verify(wanted, stop));
  for (const Subject& subject : subjects_) KILN_TRY(subject.output->finish());
  warn_of_other_types();
  return std::move(summary_);
}

}  // namespace kiln::engine
