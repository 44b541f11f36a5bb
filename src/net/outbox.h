// Sends bytes to a socket without blocking, one piece at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "net/event_loop.h"

namespace kiln::net {

/// For the I/O thread only.
class Outbox {
 public:
  /// Head, body and tail of a piece; only the body's bytes are counted.
  using Piece = std::array<std::string_view, 3>;
  /// False: the client has gone, or has taken nothing for as long as `patience`.
  using Then = std::function<void(bool sent)>;

  Outbox(EventLoop& loop, Descriptor& socket, std::chrono::milliseconds patience)
      : loop_(loop), socket_(socket), patience_(patience), timer_(loop) {}

  /// Calls `then` from the loop, never from inside; what `piece` points to has to live until then.
  /// `then` is what keeps the Outbox alive meanwhile.
  void send(const Piece& piece, Then then);
  /// Bytes that can be sent without waiting, about.
  size_t room() const;
  /// Calls `then` as send() does, when there is room for a good part of the kernel's buffer.
  void wait_for_room(const Then& then);
  /// The client has gone if it takes less than so many bytes a second (or all there are), measured
  /// over its patience.
  void expect(int bytes_per_second) { least_per_second_ = bytes_per_second; }
  /// Gives up on the client's patience; the socket is closed by then or not written to.
  void cancel() { timer_.cancel(); }
  uint64_t body_bytes() const { return body_bytes_; }

 private:
  void advance(const Then& then);
  void wait(const Then& then);
  void watch_progress(const Then& then);
  /// Bytes that the kernel holds because the client has not taken them.
  int untaken() const;

  EventLoop& loop_;
  Descriptor& socket_;
  const std::chrono::milliseconds patience_;
  Timer timer_;
  Piece piece_;
  uint64_t body_bytes_ = 0;
  int untaken_ = 0;
  int least_per_second_ = 0;
};

}  // namespace kiln::net
