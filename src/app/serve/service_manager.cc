#include "app/serve/service_manager.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace kiln::app {
namespace {

/// A manager that does not read must not hold up the end.
constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

base::Status send_datagram(const std::string& address, std::string_view text) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if ((address[0] != '/' && address[0] != '@') || address.size() >= sizeof(to.sun_path)) {
    return base::Error(base::ErrorCode::kUnsupported,
                       "NOTIFY_SOCKET is not the name of a Unix socket: " + address);
  }
  std::memcpy(to.sun_path, address.data(), address.size());
  if (address[0] == '@') to.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());

  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return base::io_error("cannot open a socket", errno);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  const ssize_t sent = ::sendto(descriptor, text.data(), text.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&to), length);
  const int reason = errno;
  ::close(descriptor);
  if (sent < 0) return base::io_error("cannot write to NOTIFY_SOCKET " + address, reason);
  return {};
}

}  // namespace

ServiceManager::ServiceManager(const char* address, base::Logger& log)
    : address_(address != nullptr ? address : ""), log_(log) {}

void ServiceManager::ready(std::string_view status) {
  tell("READY=1\nSTATUS=" + std::string(status));
}

void ServiceManager::reloading() {
  // Both clocks are CLOCK_MONOTONIC; it tells which READY=1 is of this reload.
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceManager::stopping() { tell("STOPPING=1"); }

void ServiceManager::tell(std::string_view state) {
  if (address_.empty()) return;
  const base::Status told = send_datagram(address_, state);
  if (told.ok()) return;
  log_.warning("the service manager cannot be told", {{"error", told.error().to_string()}});
}

}  // namespace kiln::app
