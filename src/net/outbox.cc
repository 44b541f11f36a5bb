#include "net/outbox.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace kiln::net {

void Outbox::send(const Piece& piece, Then then) {
  piece_ = piece;
  advance(then);
}

void Outbox::advance(const Then& then) {
  for (;;) {
    std::array<iovec, 3> vectors{};
    size_t left = 0;
    for (size_t i = 0; i < piece_.size(); ++i) {
      vectors[i] = {const_cast<char*>(piece_[i].data()), piece_[i].size()};
      left += piece_[i].size();
    }
    if (left == 0) return loop_.post([then] { then(true); });
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = vectors.size();
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait(then);
    if (sent < 0) return loop_.post([then] { then(false); });
    auto taken = static_cast<size_t>(sent);
    for (size_t i = 0; i < piece_.size(); ++i) {
      const size_t part = std::min(taken, piece_[i].size());
      piece_[i].remove_prefix(part);
      taken -= part;
      if (i == 1) body_bytes_ += part;
    }
  }
}

void Outbox::wait_for_room(const Then& then) {
  untaken_ = untaken();
  socket_.when_writable([this, then] {
    timer_.cancel();
    then(true);
  });
  watch_progress(then);
}

void Outbox::wait(const Then& then) {
  wait_for_room([this, then](bool writable) { writable ? advance(then) : then(false); });
}

/// The kernel counts its own overhead as well, about as much as the bytes.
size_t Outbox::room() const {
  int size = 0;
  socklen_t length = sizeof size;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &size, &length) != 0) return 0;
  return static_cast<size_t>(std::max(0, size / 2 - untaken()));
}

/// A socket becomes writable only when a good part of its buffer is free. So a slow client is
/// judged by what it takes out of the kernel's buffer, not by what fits into it.
void Outbox::watch_progress(const Then& then) {
  timer_.start(patience_, [this, then] {
    const int before = std::exchange(untaken_, untaken());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
    const auto least = std::max<int64_t>(1, least_per_second_ * seconds);
    if (before - untaken_ < std::min<int64_t>(least, before)) return then(false);
    watch_progress(then);
  });
}

int Outbox::untaken() const {
  int bytes = 0;
  return ::ioctl(socket_.get(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace kiln::net
