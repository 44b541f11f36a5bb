// SIGINT, SIGTERM and SIGHUP as a stop token, or SIGHUP as a wish.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

namespace kiln::app {

/// From construction on SIGINT, SIGTERM and SIGHUP request a stop instead of ending the process; a
/// second one ends it. SIGPIPE is ignored, and so is a SIGHUP that was ignored before (nohup). One
/// at a time.
class SignalStop {
 public:
  /// With `on_hangup` SIGHUP calls that instead, on a thread of its own, which it must not hold up.
  explicit SignalStop(std::function<void()> on_hangup = {});
  ~SignalStop();
  std::stop_token token() const;
  /// The signal that came, 0 if none has.
  int signal() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kiln::app
