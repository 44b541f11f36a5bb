#include "net/connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace kiln::net {
namespace {

/// Requests sent before the answer to the first one wait in the kernel beyond this.
constexpr size_t kMaxPipelined = 64 * 1024;
constexpr size_t kLittle = 4096;
constexpr std::chrono::milliseconds kMaxLinger{2'000};
constexpr size_t kMaxLingerBytes = 64U << 20;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Response run_handler(const ServerState& server, const Request& request) {
  try {
    return server.callbacks.handler(request);
  } catch (const std::exception& exception) {
    return server.failure_response(base::error_of(exception));
  } catch (...) {
    return server.error_response(500, "An exception left the handler");
  }
}

}  // namespace

Connection::Connection(ServerState& server, int socket, std::string peer)
    : server_(server),
      socket_(server.loop, socket),
      timer_(server.loop),
      peer_(std::move(peer)),
      place_(server.waiting.end()) {}

EventLoop::Callback Connection::later(Step step) {
  return [self = shared_from_this(), step] {
    if (self->phase_ == Phase::kClosed) return;
    try {
      ((*self).*step)();
    } catch (...) {
      self->reset();
    }
  };
}

void Connection::start() {
  if (socket_.get() < 0) return close();
  become_idle();
}

void Connection::stop() {
  switch (phase_) {
    case Phase::kReading:
      return fail(503, "The server is stopping");
    case Phase::kIdle:
    case Phase::kLingering:
      return close();
    case Phase::kAnswering:
    case Phase::kClosed:
      return;
  }
}

void Connection::reset() { close_socket(true); }

void Connection::watch() {
  if (watching_ || client_ended_) return;
  if (phase_ == Phase::kAnswering && input_.size() >= kMaxPipelined) return;
  watching_ = true;
  socket_.when_readable(later(&Connection::on_readable));
}

void Connection::on_readable() {
  watching_ = false;
  std::vector<char>& scratch = server_.scratch;
  const ssize_t size = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
  if (size == 0) return on_end_of_input();
  if (size < 0) {
    const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return again ? watch() : reset();
  }
  const std::string_view bytes(scratch.data(), static_cast<size_t>(size));
  if (phase_ == Phase::kIdle || phase_ == Phase::kReading) {
    read_request(bytes);
  } else {
    on_late_input(bytes);
  }
  if (phase_ != Phase::kClosed) watch();
}

/// Whether many send large requests must not depend on how many may be connected.
bool Connection::hold(size_t bytes) {
  if (bytes <= held_) {
    server_.memory.give_back(held_ - bytes);
  } else if (!server_.memory.try_take(bytes - held_)) {
    return false;
  }
  held_ = bytes;
  return true;
}

void Connection::on_late_input(std::string_view bytes) {
  if (phase_ == Phase::kAnswering) {
    input_.append(bytes);
    hold(held_ + bytes.size());
  } else if ((lingered_ += bytes.size()) > kMaxLingerBytes) {
    reset();
  }
}

/// A client that has ended its side has most likely gone: work for it ends. An answer that is there
/// already is still sent, for those that close only one direction.
void Connection::on_end_of_input() {
  client_ended_ = true;
  if (phase_ != Phase::kAnswering) return close();
  if (answer_ && answer_->is_stream()) return reset();
  exchange_->stop.request_stop();
}

void Connection::stop_waiting() {
  if (place_ == server_.waiting.end()) return;
  server_.waiting.erase(place_);
  place_ = server_.waiting.end();
}

void Connection::become_idle() {
  phase_ = Phase::kIdle;
  hold(input_.size());
  place_ = server_.waiting.insert(server_.waiting.end(), this);
  if (input_.empty()) std::string().swap(input_);
  timer_.start(server_.options.idle_timeout, later(&Connection::close));
  watch();
}

void Connection::take_input() {
  if (phase_ != Phase::kIdle) return;  // More has come meanwhile, and was read with it.
  const std::string input = std::exchange(input_, {});
  read_request(input);
  if (phase_ != Phase::kClosed) watch();
}

void Connection::read_request(std::string_view bytes) {
  if (input_.empty()) {
    input_ = bytes.substr(parse(bytes));
  } else {
    input_.append(bytes);
    input_.erase(0, parse(input_));
  }
  if (!parser_) return;
  const size_t size = input_.size() + parser_->held();
  const bool held = hold(size);
  // Whoever asks for little is answered also when others send much.
  if (size > kLittle && (!held || server_.memory.used() > server_.options.max_held)) {
    return fail(503, "Too much is being sent to the server");
  }
  switch (parser_->state()) {
    case RequestParser::State::kHead:
      return;
    case RequestParser::State::kBody:
      if (input_.empty()) offer_to_continue();
      return;
    case RequestParser::State::kDone:
      return dispatch();
    case RequestParser::State::kFailed:
      return fail(parser_->failure_status(), parser_->failure_text());
  }
}

size_t Connection::parse(std::string_view bytes) {
  size_t skipped = 0;
  if (phase_ == Phase::kIdle) {
    // Empty lines before a request do not count (RFC 9112 §2.2).
    skipped = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
    bytes.remove_prefix(skipped);
    if (bytes.empty()) return skipped;
    phase_ = Phase::kReading;
    began_ = std::chrono::steady_clock::now();
    parser_ = std::make_unique<RequestParser>(
        RequestParser::Limits{server_.options.max_header_size, server_.options.max_body_size});
    timer_.start(server_.options.request_timeout, later(&Connection::on_late_request));
  }
  return skipped + parser_->feed(bytes);
}

void Connection::offer_to_continue() {
  if (!parser_->take_expectation()) return;
  const ssize_t sent =
      ::send(socket_.get(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  // So few bytes always fit, unless the client takes no answers at all.
  if (sent != static_cast<ssize_t>(kContinue.size())) reset();
}

std::shared_ptr<Exchange> Connection::make_exchange() {
  auto exchange = std::make_shared<Exchange>();
  if (parser_) {
    exchange->request = std::move(parser_->request());
    exchange->http_1_0 = parser_->is_http_1_0();
    exchange->keep_alive = parser_->state() == RequestParser::State::kDone && parser_->keep_alive();
    parser_.reset();
  }
  exchange->has_request = !exchange->request.method.empty();
  exchange->request.peer = peer_;
  exchange->request.id = server_.request_id_prefix + std::to_string(++server_.last_request);
  exchange->request.stop = exchange->stop.get_token();
  return exchange;
}

void Connection::fail(int status, std::string_view text) {
  stop_waiting();
  exchange_ = make_exchange();
  phase_ = Phase::kAnswering;
  std::string().swap(exchange_->request.body);
  std::string().swap(input_);
  hold(0);
  unread_ = true;
  timer_.cancel();
  answer(server_.error_response(status, text));
}

void Connection::dispatch() {
  stop_waiting();
  exchange_ = make_exchange();
  phase_ = Phase::kAnswering;
  timer_.start(server_.options.request_timeout, later(&Connection::on_late_answer));
  const auto& lane_of = server_.callbacks.lane_of;
  const Lane lane = lane_of ? lane_of(exchange_->request) : Lane::kQuick;
  if (lane == Lane::kAtOnce) return answer(run_handler(server_, exchange_->request));
  const bool posted =
      server_.pool_of(lane).post([self = shared_from_this(), exchange = exchange_]() mutable {
        ServerState& server = self->server_;
        if (!exchange->abandoned) exchange->response = run_handler(server, exchange->request);
        server.loop.post([connection = std::move(self), done = std::move(exchange)] {
          if (connection->exchange_ == done) connection->later (&Connection::handled)();
        });
      });
  if (!posted) answer(server_.error_response(503, "No thread to handle the request"));
}

void Connection::handled() {
  if (answer_) return;  // The handler was too late.
  const bool is_stream = std::holds_alternative<StreamBody>(exchange_->response.body);
  if (client_ended_ && is_stream) return reset();
  answer(std::move(exchange_->response));
}

void Connection::on_late_answer() {
  if (answer_) answer_->abandon();
  exchange_->abandoned = true;
  exchange_->stop.request_stop();
  exchange_->keep_alive = false;
  answer(server_.error_response(504, "The answer took too long to begin"));
}

void Connection::answer(Response response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) hold(held_ + text->capacity());
  // The answer may be at its end at once, and let go of.
  const auto answer =
      std::make_shared<Answer>(server_, socket_, exchange_, static_cast<Answer::Listener&>(*this));
  answer_ = answer;
  answer->start(std::move(response));
}

void Connection::answer_started() { timer_.cancel(); }

void Connection::answer_ended(bool complete) {
  if (!complete) return reset();
  log(true);
  const bool again = answer_->keep_alive() && !server_.stopping && !client_ended_;
  answer_.reset();
  exchange_.reset();
  if (!again) return linger();
  become_idle();
  // Not from here: a client that sends many requests at once would make the stack grow.
  if (!input_.empty()) server_.loop.post(later(&Connection::take_input));
}

void Connection::log(bool complete) {
  if (!server_.callbacks.logger) return;
  const bool answered = answer_ && answer_->started();
  const auto duration = std::chrono::steady_clock::now() - began_;
  try {
    server_.callbacks.logger(
        {exchange_->has_request ? &exchange_->request : nullptr, answered ? answer_->status() : 0,
         answered ? answer_->body_bytes() : 0,
         std::chrono::duration_cast<std::chrono::microseconds>(duration), complete});
  } catch (...) {  // A line less in the log is no reason to fail a request.
  }
}

/// Closing a socket with unread bytes resets the connection, and the reset may overtake the answer.
/// So a client that is still sending gets some time to see it (RFC 9112 §9.6).
void Connection::linger() {
  const bool unread = unread_ || !input_.empty();
  if (!unread || client_ended_ || server_.stopping) return close();
  phase_ = Phase::kLingering;
  std::string().swap(input_);
  hold(0);
  ::shutdown(socket_.get(), SHUT_WR);
  timer_.start(std::min(kMaxLinger, server_.options.request_timeout), later(&Connection::close));
  watch();
}

void Connection::close_socket(bool with_reset) {
  if (phase_ == Phase::kClosed) return;
  const Phase phase = std::exchange(phase_, Phase::kClosed);
  stop_waiting();
  hold(0);
  timer_.cancel();
  if (with_reset) {
    const struct ::linger at_once { 1, 0 };
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  socket_.close();
  if (phase == Phase::kReading) {
    (void)base::guarded([this] { exchange_ = make_exchange(); });  // for the log only
  }
  // In this order, so that whoever is told of the end finds that all has ended.
  if (answer_) answer_->abandon();
  if (exchange_) {
    exchange_->abandoned = true;
    exchange_->stop.request_stop();
    log(false);
  }
  answer_.reset();
  exchange_.reset();
  parser_.reset();
  std::string().swap(input_);
  // Not from here: this may be the last that keeps the connection alive.
  server_.loop.post([self = shared_from_this()] { self->server_.on_closed(*self); });
}

}  // namespace kiln::net
