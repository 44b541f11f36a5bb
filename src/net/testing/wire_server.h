// A server that says the same bytes to everybody, for tests of the client.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace kiln::net::testing {

/// Serves one connection after the other, each request (up to its empty line) with `answer`.
class WireServer {
 public:
  enum class Then : uint8_t {
    kClose,
    kServeNext,  ///< on the same connection
    kWait,       ///< until the client closes
  };
  explicit WireServer(std::string answer, Then then = Then::kClose);
  ~WireServer();
  WireServer(const WireServer&) = delete;
  WireServer& operator=(const WireServer&) = delete;

  uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void serve();
  void serve(int client);

  const std::string answer_;
  const Then then_;
  int listener_;
  uint16_t port_;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace kiln::net::testing
