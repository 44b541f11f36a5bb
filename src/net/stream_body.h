// The bounded buffer between a thread that produces a body and the connection that sends it.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/mutex.h"
#include "net/http.h"

namespace kiln::net {

/// The producer writes and waits while `capacity` bytes are unsent; the connection takes all there
/// is at once and never waits.
class StreamPipe final : public StreamWriter {
 public:
  /// `on_ready` is called once, on the producer's thread, when something has come or the stream has
  /// ended after a take() that found nothing.
  StreamPipe(size_t capacity, std::function<void()> on_ready)
      : capacity_(capacity), on_ready_(std::move(on_ready)) {}

  // The producer's side.
  base::Status write(std::string_view bytes) override;
  /// No more will come. A failed body is not to be ended in order.
  void finish(bool complete);
  /// Whether anything has been written.
  bool started() const;
  bool cancelled() const;

  // The connection's side.
  enum class State : uint8_t { kOpen, kComplete, kFailed };
  /// Moves what has been written into `bytes`, whose memory is used for what comes next. kOpen with
  /// nothing in `bytes`: `on_ready` will be called. kFailed: `bytes` is of no use.
  State take(std::string& bytes);
  /// Nobody will take anything any more: write() returns kCancelled from now on.
  void cancel();

 private:
  const size_t capacity_;
  const std::function<void()> on_ready_;
  mutable base::Mutex mutex_;
  base::Condition room_;
  std::string unsent_ KILN_GUARDED_BY(mutex_);
  State state_ KILN_GUARDED_BY(mutex_) = State::kOpen;
  bool started_ KILN_GUARDED_BY(mutex_) = false;
  bool cancelled_ KILN_GUARDED_BY(mutex_) = false;
  bool taker_waits_ KILN_GUARDED_BY(mutex_) = false;
};

}  // namespace kiln::net
