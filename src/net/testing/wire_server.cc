#include "net/testing/wire_server.h"

#include <array>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"

namespace kiln::net::testing {

WireServer::WireServer(std::string answer, Then then)
    : answer_(std::move(answer)),
      then_(then),
      listener_(listen_on({"127.0.0.1"}, 0).value()),
      port_(port_of(listener_)) {
  ::fcntl(listener_, F_SETFL, 0);  // Blocking.
  thread_ = std::thread([this] { serve(); });
}

WireServer::~WireServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void WireServer::serve() {
  for (;;) {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    ++connections_;
    serve(client);
    ::close(client);
  }
}

void WireServer::serve(int client) {
  std::string seen;
  std::array<char, 4096> bytes{};
  for (;;) {
    const ssize_t size = ::recv(client, bytes.data(), bytes.size(), 0);
    if (size <= 0) return;
    seen.append(bytes.data(), static_cast<size_t>(size));
    if (seen.find("\r\n\r\n") == std::string::npos) continue;
    seen.clear();
    ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    if (then_ == Then::kClose) return;
  }
}

}  // namespace kiln::net::testing
