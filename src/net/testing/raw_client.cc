#include "net/testing/raw_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kiln::net::testing {
namespace {

size_t number(std::string_view text, int base) {
  size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

}  // namespace

std::string RawReply::field(std::string_view name) const {
  std::string found;
  size_t begin = head.find("\r\n") + 2;
  while (begin < head.size()) {
    const size_t end = head.find("\r\n", begin);
    const std::string_view line = std::string_view(head).substr(begin, end - begin);
    begin = end + 2;
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    if (!found.empty()) return found + "|";
    found = line.substr(std::min(line.find_first_not_of(' ', name.size() + 1), line.size()));
  }
  return found;
}

RawClient::RawClient(int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    // Loopback's segments of 64 KiB would not fit into a small window.
    const int segment = 1400;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
  }
  const timeval patience{30, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const int one = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void RawClient::connect(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ended_ = reset_ = true;
  }
}

RawClient::~RawClient() { close(); }

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<size_t>(sent);
}

void RawClient::end_sending() { ::shutdown(socket_, SHUT_WR); }

void RawClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void RawClient::reset() {
  const struct ::linger at_once { 1, 0 };
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close();
}

bool RawClient::is_readable(int milliseconds) const {
  pollfd wanted{socket_, POLLIN, 0};
  return ::poll(&wanted, 1, milliseconds) > 0;
}

bool RawClient::fill(size_t most) {
  if (ended_) return false;
  std::array<char, 64 * 1024> bytes{};
  const ssize_t size = ::recv(socket_, bytes.data(), std::min(most, bytes.size()), 0);
  if (size > 0) {
    buffer_.append(bytes.data(), static_cast<size_t>(size));
    return true;
  }
  if (size < 0 && errno != ECONNRESET && errno != EPIPE) {
    throw std::runtime_error("no answer for too long");
  }
  ended_ = true;
  reset_ = size < 0;
  return false;
}

std::string RawClient::read(size_t size) {
  while (buffer_.size() < size && fill(size - buffer_.size())) {
  }
  std::string found = buffer_.substr(0, size);
  buffer_.erase(0, found.size());
  return found;
}

std::string RawClient::rest() {
  while (fill()) {
  }
  std::string found;
  found.swap(buffer_);
  return found;
}

RawReply RawClient::reply(bool head_only) {
  RawReply reply;
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return reply;
  }
  reply.head = read(end + 4);
  reply.status = static_cast<int>(number(std::string_view(reply.head).substr(9, 3), 10));
  const bool interim = reply.status < 200;
  if (head_only || interim || reply.status == 204 || reply.status == 304) {
    reply.complete = true;
  } else if (reply.field("Transfer-Encoding") == "chunked") {
    for (;;) {
      while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return reply;
      }
      const size_t size = number(read(end + 2), 16);
      const std::string chunk = read(size + 2);
      reply.body.append(chunk.substr(0, size));
      if (chunk.size() != size + 2) return reply;
      if (size == 0) break;
    }
    reply.complete = true;
  } else if (const std::string length = reply.field("Content-Length"); !length.empty()) {
    const size_t size = number(length, 10);
    reply.body = read(size);
    reply.complete = reply.body.size() == size;
  } else {
    reply.body = rest();
    reply.complete = !reset_;
  }
  return reply;
}

RawReply RawClient::exchange(std::string_view request) {
  send(request);
  return reply(request.starts_with("HEAD "));
}

std::string get(std::string_view path, std::string_view more_fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more_fields) +
         "\r\n";
}

std::string head(std::string_view path) {
  return "HEAD " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

}  // namespace kiln::net::testing
