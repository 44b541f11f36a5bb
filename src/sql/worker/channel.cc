#include "sql/worker/channel.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace kiln::sql {
namespace {

using base::Error;
using base::ErrorCode;

struct [[gnu::packed]] Header {
  uint8_t kind;
  uint32_t size;
};

/// Room for so many bytes, and what it takes drawn before.
void grow(std::string& body, size_t room, base::MemoryReservation* memory) {
  if (body.capacity() >= room) return;
  if (memory != nullptr) memory->take(room);
  std::string larger;
  larger.reserve(room);
  larger += body;
  body.swap(larger);
  if (memory != nullptr && !body.empty()) memory->give_back(larger.capacity());
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Error took_too_long() {
  return Error(ErrorCode::kLimit, "the query took longer than --sql-timeout allows");
}

Channel::~Channel() { ::close(descriptor_); }

Error Channel::error_of(int error) {
  gone_ = error == EPIPE || error == ECONNRESET;
  if (gone_) return Error(ErrorCode::kClosedPipe, "the other end has gone");
  return base::io_error("a query's process", error);
}

base::Status Channel::wait(short events) {
  while (true) {
    int rest = -1;
    if (deadline_) {
      KILN_TRY(in_time());
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - clock_->steady_now());
      static constexpr int64_t kMost = 60'000;
      rest = static_cast<int>(std::clamp<int64_t>(left.count(), 0, kMost));
    }
    pollfd entry{descriptor_, events, 0};
    const int ready = ::poll(&entry, 1, rest);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return error_of(errno);
  }
}

base::Status Channel::send(MessageKind kind, std::string_view body) {
  if (body.size() > UINT32_MAX) return Error(ErrorCode::kLimit, "a message is too large");
  Header header{static_cast<uint8_t>(kind), static_cast<uint32_t>(body.size())};
  iovec parts[] = {{&header, sizeof(header)}, {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  while (message.msg_iovlen != 0) {
    const ssize_t sent = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!would_block(errno)) return error_of(errno);
      KILN_TRY(wait(POLLOUT));
      continue;
    }
    auto done = static_cast<size_t>(sent);
    while (message.msg_iovlen != 0 && done >= message.msg_iov->iov_len) {
      done -= message.msg_iov->iov_len;
      ++message.msg_iov;
      --message.msg_iovlen;
    }
    if (message.msg_iovlen == 0) break;
    message.msg_iov->iov_base = static_cast<char*>(message.msg_iov->iov_base) + done;
    message.msg_iov->iov_len -= done;
  }
  return {};
}

base::Status Channel::receive_bytes(char* to, size_t size) {
  while (size != 0) {
    const ssize_t got = ::recv(descriptor_, to, size, MSG_DONTWAIT);
    if (got == 0) return error_of(EPIPE);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (!would_block(errno)) return error_of(errno);
      KILN_TRY(wait(POLLIN));
      continue;
    }
    to += got;
    size -= static_cast<size_t>(got);
  }
  return {};
}

base::Status Channel::in_time() const {
  if (!deadline_ || clock_->steady_now() < *deadline_) return {};
  return took_too_long();
}

base::Result<Message> Channel::receive(size_t most, base::MemoryReservation* memory) {
  KILN_TRY(in_time());  // what is there already is not waited for
  Header header{};
  KILN_TRY(receive_bytes(reinterpret_cast<char*>(&header), sizeof(header)));
  const uint32_t size = header.size;
  if (size > most || header.kind > static_cast<uint8_t>(MessageKind::kDone)) {
    return Error(ErrorCode::kInvalid, "no such message");
  }
  Message message{static_cast<MessageKind>(header.kind), {}};
  while (message.body.size() < size) {  // memory is taken for what comes, not for what is promised
    static constexpr size_t kStep = 1 << 20;
    const size_t before = message.body.size();
    const size_t step = std::min<size_t>(kStep, size - before);
    grow(message.body, std::min<size_t>(size, std::max(before + step, 2 * before)), memory);
    message.body.resize(before + step);
    KILN_TRY(receive_bytes(message.body.data() + before, step));
  }
  return message;
}

}  // namespace kiln::sql
