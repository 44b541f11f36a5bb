// A server for tests, and what they wait with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "net/server.h"

namespace kiln::net::testing {

/// Set once. wait() gives up after half a minute, which fails the test instead of hanging it.
class Event {
 public:
  void set();
  bool wait();

 private:
  base::Mutex mutex_;
  base::Condition changed_;
  bool set_ KILN_GUARDED_BY(mutex_) = false;
};

/// Waits for the token; false after half a minute.
bool wait_for_stop(const std::stop_token& token);

/// One line of the server's log.
struct Logged {
  std::string target;  ///< "-" if there was no request
  int status;
  uint64_t bytes;
  bool complete;
};

/// A server on a free port. Its own answers are "error STATUS" with the type text/test-error.
class TestServer {
 public:
  explicit TestServer(Handler handler, ServerOptions options = {}, LaneOf lane_of = {},
                      HeadCompleter complete_head = {});
  ~TestServer();

  uint16_t port() const { return server_->port(); }
  void stop() { server_->stop(); }
  /// The first `count` lines, once they are there.
  std::vector<Logged> logged(size_t count);

 private:
  base::Mutex mutex_;
  base::Condition changed_;
  std::vector<Logged> lines_ KILN_GUARDED_BY(mutex_);
  std::unique_ptr<Server> server_;
};

Response text(std::string body);
/// `size` bytes whose values tell their place.
std::string pattern(size_t size);

}  // namespace kiln::net::testing
