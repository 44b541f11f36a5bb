// A client made of a plain socket, for tests that send what no real client would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::net::testing {

/// A response as it came. A status of 0: the connection ended before there was one.
struct RawReply {
  int status = 0;
  std::string head;
  std::string body;
  bool complete = false;

  /// The value of the field, with a '|' at the end if it is there twice; empty if it is missing.
  std::string field(std::string_view name) const;
};

/// Blocking. Whatever takes half a minute fails the test.
class RawClient {
 public:
  /// Not connected; with a receive buffer of the system's own size if it is 0.
  explicit RawClient(int receive_buffer = 0);
  explicit RawClient(uint16_t port) : RawClient() { connect(port); }
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void connect(uint16_t port);
  /// False if the connection has gone.
  bool send(std::string_view bytes);
  /// Without blocking: how many bytes the kernel took.
  size_t send_some(std::string_view bytes);
  void end_sending();
  void close();
  /// Leaves without a word: the other side gets a reset.
  void reset();

  /// `head_only`: the answer to HEAD.
  RawReply reply(bool head_only = false);
  /// Sends a request and reads its answer.
  RawReply exchange(std::string_view request);
  /// All that comes until the connection ends.
  std::string rest();
  /// Up to `size` bytes; fewer at the end. Takes no more than that from the kernel.
  std::string read(size_t size);
  bool is_readable(int milliseconds) const;

  /// After an end was met: whether it was a reset.
  bool was_reset() const { return reset_; }
  bool has_ended() const { return ended_; }

 private:
  bool fill(size_t most = 64 * 1024);

  int socket_;
  std::string buffer_;
  bool ended_ = false;
  bool reset_ = false;
};

/// "GET `path`" in HTTP/1.1 with a Host.
std::string get(std::string_view path, std::string_view more_fields = "");
std::string head(std::string_view path);

}  // namespace kiln::net::testing
