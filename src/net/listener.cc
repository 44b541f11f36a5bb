#include "net/listener.h"

#include <array>
#include <cerrno>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kiln::net {
namespace {

constexpr int kBacklog = 4096;

int listen_on_address(const addrinfo& address) {
  const int one = 1;
  const int descriptor =
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (descriptor < 0) return -1;
  // Connections of an earlier run that wait for their end do not hold the port.
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (::bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 &&
      ::listen(descriptor, kBacklog) == 0) {
    return descriptor;
  }
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.ss_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  } else if (address.ss_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
  }
  if (!bytes || !::inet_ntop(address.ss_family, bytes, text.data(), text.size())) return {};
  const std::string_view found = text.data();
  // An IPv4 client of a socket that serves both.
  constexpr std::string_view kMapped = "::ffff:";
  const bool mapped = found.starts_with(kMapped) && found.find('.') != std::string_view::npos;
  return std::string(mapped ? found.substr(kMapped.size()) : found);
}

}  // namespace

base::Result<int> listen_on(const std::vector<std::string>& addresses, uint16_t port) {
  int error = EADDRNOTAVAIL;
  std::string what = "cannot listen on no address";
  for (const std::string& text : addresses) {
    what = "cannot listen on " + text + ":" + std::to_string(port);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST;
    addrinfo* found = nullptr;
    const int failure = ::getaddrinfo(text.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (failure != 0) {
      return base::Error(base::ErrorCode::kIo, what + ": " + ::gai_strerror(failure));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> address(found, ::freeaddrinfo);
    const int descriptor = listen_on_address(*address);
    if (descriptor >= 0) return descriptor;
    error = errno;
  }
  return base::io_error(what, error);
}

uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

bool has_waiting_client(int listener) {
  pollfd entry{listener, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

base::Result<Accepted> accept_from(int listener) {
  sockaddr_storage address{};
  for (;;) {
    socklen_t size = sizeof(address);
    const int descriptor = ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      const int one = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
      return Accepted{descriptor, address_text(address)};
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return base::Error(base::ErrorCode::kUnavailable, "no descriptor for a connection");
      case EAGAIN:
      case EBADF:
      case EINVAL:
        return base::Error(base::ErrorCode::kIo, "nobody waits");
      default:
        continue;  // This client has gone while it waited; there may be another.
    }
  }
}

}  // namespace kiln::net
