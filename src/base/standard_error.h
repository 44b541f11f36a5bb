// stderr, whose reader may be slow or have stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <string_view>

namespace kiln::base {

/// For one thread that writes; hurry() is for any.
class StandardError {
 public:
  StandardError();
  ~StandardError();
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  /// Waits for the reader. False if the bytes are lost, or what is left of them: nobody reads any
  /// more, or hurry() was called and its time is over.
  bool write(std::string_view bytes);
  /// The process is about to end: from now on all writes together wait no longer than a second.
  void hurry();

 private:
  long write_some(std::string_view bytes) const;
  bool is_late() const;

  using Clock = std::chrono::steady_clock;
  int descriptor_;  ///< our own where it can be had, as others may want theirs to block
  bool is_socket_ = false;
  std::atomic<Clock::rep> deadline_{0};  ///< 0: there is none
  bool cut_ = false;                     ///< half a line has been written
};

}  // namespace kiln::base
