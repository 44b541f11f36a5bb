#include "net/testing/test_server.h"

#include <stdexcept>

namespace kiln::net::testing {
namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

void Event::set() {
  const base::MutexLock lock(mutex_);
  set_ = true;
  changed_.notify_all();
}

bool Event::wait() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const base::MutexLock lock(mutex_);
  while (!set_ && std::chrono::steady_clock::now() < end) changed_.wait_for(mutex_, kPatience);
  return set_;
}

bool wait_for_stop(const std::stop_token& token) {
  Event stopped;
  const std::stop_callback callback(token, [&] { stopped.set(); });
  return stopped.wait();
}

TestServer::TestServer(Handler handler, ServerOptions options, LaneOf lane_of,
                       HeadCompleter complete_head) {
  options.port = 0;
  Callbacks callbacks;
  callbacks.handler = std::move(handler);
  callbacks.responder = [](int status, std::string_view) {
    Response response{status, {}, "error " + std::to_string(status)};
    response.headers.add("Content-Type", "text/test-error");
    return response;
  };
  callbacks.logger = [this](const RequestLog& line) {
    const base::MutexLock lock(mutex_);
    lines_.push_back(
        {line.request ? line.request->target : "-", line.status, line.bytes, line.complete});
    changed_.notify_all();
  };
  callbacks.lane_of = std::move(lane_of);
  callbacks.complete_head = std::move(complete_head);
  auto server = Server::listen(options);
  if (!server.ok()) throw std::runtime_error(server.error().to_string());
  server_ = std::move(server).value();
  const base::Status served = server_->serve(std::move(callbacks));
  if (!served.ok()) throw std::runtime_error(served.error().to_string());
}

TestServer::~TestServer() = default;

std::vector<Logged> TestServer::logged(size_t count) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const base::MutexLock lock(mutex_);
  while (lines_.size() < count && std::chrono::steady_clock::now() < end) {
    changed_.wait_for(mutex_, kPatience);
  }
  if (lines_.size() < count) throw std::runtime_error("too few lines in the log");
  return lines_;
}

Response text(std::string body) { return {200, {}, std::move(body)}; }

std::string pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i + i / 251) % 26);
  return bytes;
}

}  // namespace kiln::net::testing
