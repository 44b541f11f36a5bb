// SIGINT and SIGTERM as a stop token.
#pragma once

#include <memory>
#include <stop_token>

namespace kiln::app {

/// From construction on SIGINT and SIGTERM request a stop instead of ending the process; a second
/// one ends it. SIGPIPE is ignored. One at a time.
class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  std::stop_token token() const;
  /// The signal that came, 0 if none has.
  int signal() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kiln::app
