#include "net/server.h"

#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "net/connection.h"
#include "net/listener.h"
#include "net/server_state.h"

namespace kiln::net {
namespace {

constexpr std::chrono::milliseconds kAcceptRetry{100};
/// So that a flood of new connections leaves the old ones their turn.
constexpr int kAcceptsAtOnce = 64;

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, int listener)
      : server_(options),
        port_(port_of(listener)),
        listener_(server_.loop, listener),
        retry_(server_.loop) {
    server_.on_closed = [this](Connection& connection) { forget(connection); };
  }

  base::Status serve(Callbacks callbacks) KILN_EXCLUDES(stop_mutex_) {
    server_.callbacks = std::move(callbacks);
    server_.loop.post([this] { take(&Impl::accept); });
    KILN_ASSIGN(thread_, base::start_thread([this] { server_.loop.run(); }, [](base::Error) {}));
    const base::MutexLock lock(stop_mutex_);
    running_ = true;
    return {};
  }

  uint16_t port() const { return port_; }
  std::chrono::milliseconds patience() const { return server_.options.stop_timeout; }

  void stop(std::chrono::milliseconds patience) KILN_EXCLUDES(stop_mutex_, mutex_) {
    const base::MutexLock once(stop_mutex_);
    if (!std::exchange(running_, false)) return;
    server_.loop.post([this] { begin_stop(); });
    wait_for_connections(patience);
    server_.loop.post([this] {
      for (const auto& [connection, kept] : connections_) connection->reset();
    });
    // Whatever they still post finds its connection closed.
    server_.probes.join();
    server_.quick.join();
    server_.lengthy.join();
    server_.readers.join();
    server_.streams.join();
    server_.loop.finish();
    thread_.join();
  }

 private:
  void wait_for_clients() {
    if (waiting_ || server_.stopping) return;
    listener_.when_readable([this] {
      waiting_ = false;
      take(&Impl::meet_client);
    });
    waiting_ = true;
  }

  void meet_client() {
    if (!is_full()) return accept();
    if (!make_room()) retry_.start(kAcceptRetry, [this] { take(&Impl::wait_for_clients); });
  }

  /// Idle connections are kept as long as nobody else wants their place. False: nobody does, or all
  /// are at work.
  bool make_room() {
    if (server_.waiting.empty() || !has_waiting_client(listener_.get())) return false;
    server_.waiting.front()->make_way();
    return true;
  }

  bool is_full() const { return connections_.size() >= server_.options.max_connections; }

  /// Clients are never left waiting because there was no memory for one of them.
  void take(void (Impl::*step)()) {
    if (!base::guarded([&] { (this->*step)(); }).ok()) {
      server_.loop.post([this] { take(&Impl::accept); });
    }
  }

  void accept() {
    for (int i = 0; i < kAcceptsAtOnce && !server_.stopping && !is_full(); ++i) {
      base::Result<Accepted> accepted = accept_from(listener_.get());
      if (!accepted.ok()) {
        if (accepted.error().code() != base::ErrorCode::kUnavailable) break;
        if (make_room()) continue;
        // The socket stays readable: waiting for it would spin.
        return retry_.start(kAcceptRetry, [this] { take(&Impl::accept); });
      }
      auto connection =
          std::make_shared<Connection>(server_, accepted->socket, std::move(accepted->peer));
      connections_.emplace(connection.get(), connection);
      connection->start();
    }
    wait_for_clients();
  }

  void forget(Connection& connection) {
    connections_.erase(&connection);
    tell_if_closed();
    take(&Impl::wait_for_clients);
  }

  void begin_stop() {
    server_.stopping = true;
    listener_.close();
    retry_.cancel();
    for (const auto& [connection, kept] : connections_) connection->stop();
    tell_if_closed();
  }

  void tell_if_closed() KILN_EXCLUDES(mutex_) {
    if (!server_.stopping || !connections_.empty()) return;
    const base::MutexLock lock(mutex_);
    all_closed_ = true;
    closed_.notify_all();
  }

  void wait_for_connections(std::chrono::milliseconds patience) KILN_EXCLUDES(mutex_) {
    const auto end = std::chrono::steady_clock::now() + patience;
    const base::MutexLock lock(mutex_);
    while (!all_closed_) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      closed_.wait_for(mutex_, left);
    }
  }

  ServerState server_;
  const uint16_t port_;
  base::Thread thread_;
  bool running_ KILN_GUARDED_BY(stop_mutex_) = false;

  // For the I/O thread only.
  Descriptor listener_;
  Timer retry_;
  bool waiting_ = false;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;

  base::Mutex stop_mutex_;  ///< held for the whole of stop()
  base::Mutex mutex_;
  base::Condition closed_;
  bool all_closed_ KILN_GUARDED_BY(mutex_) = false;
};

base::Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options) {
  KILN_ASSIGN(const int listener, listen_on(options.addresses, options.port));
  auto listening = base::guarded([&]() -> base::Result<std::unique_ptr<Server>> {
    return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(options, listener)));
  });
  if (listening.ok()) return listening;
  return std::move(listening).error().in("cannot start the server");
}

base::Status Server::serve(Callbacks callbacks) {
  base::Status status = base::guarded([&] { return impl_->serve(std::move(callbacks)); });
  if (status.ok()) return status;
  return std::move(status).error().in("cannot start the server");
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { impl_->stop(std::chrono::milliseconds::zero()); }

uint16_t Server::port() const { return impl_->port(); }
void Server::stop() { impl_->stop(impl_->patience()); }

}  // namespace kiln::net
