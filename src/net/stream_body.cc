#include "net/stream_body.h"

#include <algorithm>
#include <utility>

namespace kiln::net {

base::Status StreamPipe::write(std::string_view bytes) {
  while (!bytes.empty()) {
    bool call = false;
    {
      const base::MutexLock lock(mutex_);
      while (unsent_.size() >= capacity_ && !cancelled_) room_.wait(mutex_);
      if (cancelled_) {
        return base::Error(base::ErrorCode::kCancelled, "the client takes no more of the answer");
      }
      const size_t size = std::min(bytes.size(), capacity_ - unsent_.size());
      unsent_.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      started_ = true;
      call = std::exchange(taker_waits_, false);
    }
    if (call) on_ready_();
  }
  return {};
}

void StreamPipe::finish(bool complete) {
  {
    const base::MutexLock lock(mutex_);
    state_ = complete ? State::kComplete : State::kFailed;
    if (!std::exchange(taker_waits_, false)) return;
  }
  on_ready_();
}

bool StreamPipe::started() const {
  const base::MutexLock lock(mutex_);
  return started_;
}

bool StreamPipe::cancelled() const {
  const base::MutexLock lock(mutex_);
  return cancelled_;
}

StreamPipe::State StreamPipe::take(std::string& bytes) {
  bytes.clear();
  const base::MutexLock lock(mutex_);
  if (state_ == State::kFailed) return state_;
  std::swap(bytes, unsent_);
  taker_waits_ = state_ == State::kOpen && bytes.empty();
  room_.notify_one();
  return state_;
}

void StreamPipe::cancel() {
  const base::MutexLock lock(mutex_);
  cancelled_ = true;
  taker_waits_ = false;
  room_.notify_all();
}

}  // namespace kiln::net
