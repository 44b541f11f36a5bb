#include "net/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kiln::net {
namespace {

constexpr size_t kChunkSize = 256 * 1024;
constexpr size_t kLeastRoom = 16 * 1024;
/// A client that holds a thread has to take this much.
constexpr int kLeastPerSecond = 1024;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kLineEndAndLastChunk = "\r\n0\r\n\r\n";

base::Result<size_t> read_guarded(BodySource& source, std::string& to, size_t size) {
  try {
    return base::guarded([&]() -> base::Result<size_t> {
      if (to.size() < size) to.resize(size);
      return source.read(to.data(), size);
    });
  } catch (...) {
    return base::Error(base::ErrorCode::kInternal, "an exception left a body's source");
  }
}

void append_chunk_size(std::string& head, size_t size) {
  std::array<char, 2 * sizeof(size_t)> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  head.append(digits.data(), end).append(kLineEnd);
}

/// Never a body that could fail again.
Response early_response(const EarlyErrorResponder& responder, const base::Error& error,
                        const ServerState& server) {
  try {
    if (responder) {
      Response response = responder(error);
      if (std::holds_alternative<std::string>(response.body)) return response;
    }
  } catch (...) {  // As if there were no responder.
  }
  return server.failure_response(error);
}

struct Produced {
  bool complete;
  std::optional<Response> instead;  ///< it failed before it had written anything: what to answer
};

Produced run_producer(const StreamBody& stream, StreamPipe& pipe, const ServerState& server,
                      std::stop_token stop) {
  try {
    const base::Status status =
        base::guarded([&] { return stream.producer(pipe, std::move(stop)); });
    if (status.ok()) return {true, std::nullopt};
    if (pipe.started() || pipe.cancelled()) return {false, std::nullopt};
    return {false, early_response(stream.on_early_error, status.error(), server)};
  } catch (...) {
    if (pipe.started()) return {false, std::nullopt};
  }
  return {false, server.error_response(500, "The answer could not be made")};
}

}  // namespace

Answer::Answer(ServerState& server, Descriptor& socket, std::shared_ptr<Exchange> exchange,
               Listener& listener)
    : server_(server),
      exchange_(std::move(exchange)),
      listener_(&listener),
      outbox_(server.loop, socket, server.options.request_timeout) {}

bool Answer::leaves_body_out() const {
  return exchange_->request.method == "HEAD" || !may_have_body(response_.status);
}

void Answer::start(Response response) {
  if (response.status < 200 || response.status > 999) {
    response = server_.error_response(500, "The status of the response is not valid");
  }
  response_ = std::move(response);
  framing_ = {exchange_->keep_alive && !server_.stopping && !asks_for_close(response_.headers),
              false, std::nullopt};
  if (auto* text = std::get_if<std::string>(&response_.body)) return send_text(*text);
  if (std::holds_alternative<SourceBody>(response_.body)) return start_source();
  start_stream(std::get<StreamBody>(response_.body));
}

void Answer::start_instead() { start(std::move(exchange_->response)); }

void Answer::take_step(void (Answer::*step)()) {
  if (!listener_) return;
  const base::Status status = base::guarded([&] { ((*this).*step)(); });
  if (!status.ok() && listener_) end(false);
}

void Answer::send_text(std::string& text) {
  if (may_have_body(response_.status)) framing_.content_length = text.size();
  if (!leaves_body_out()) body_ = std::move(text);
  send(body_, &Answer::complete);
}

void Answer::start_source() {
  const SourceBody& body = std::get<SourceBody>(response_.body);
  if (may_have_body(response_.status)) framing_.content_length = body.size;
  left_ = body.size;
  if (leaves_body_out() || left_ == 0) return send({}, &Answer::complete);
  read_chunk();
}

/// Only what the kernel takes at once is read: who waits for a slow client holds no memory for it.
void Answer::next_chunk() {
  if (left_ == 0) return complete();
  if (outbox_.room() >= kLeastRoom) return read_chunk();
  std::string().swap(body_);
  sending_ = true;
  outbox_.wait_for_room([self = shared_from_this()](bool writable) {
    self->sending_ = false;
    if (!self->listener_) return;
    writable ? self->take_step(&Answer::read_chunk) : self->end(false);
  });
}

void Answer::read_chunk() {
  const size_t most = std::clamp(outbox_.room(), kLeastRoom, kChunkSize);
  const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, most));
  const bool first = !started_;
  const bool posted = server_.readers.post([self = shared_from_this(), size, first]() mutable {
    const SourceBody& body = std::get<SourceBody>(self->response_.body);
    self->read_ = read_guarded(*body.source, self->body_, size);
    if (first && !self->read_.ok()) {
      self->instead_ = early_response(body.on_early_error, self->read_.error(), self->server_);
    }
    EventLoop& loop = self->server_.loop;
    loop.post([answer = std::move(self)] { answer->take_step(&Answer::chunk_arrived); });
  });
  if (posted) return;
  if (started_) return end(false);
  start(server_.error_response(503, "No thread to read the answer"));
}

void Answer::chunk_arrived() {
  if (instead_) return start(*std::exchange(instead_, std::nullopt));
  if (!read_.ok() || *read_ == 0 || *read_ > left_) return end(false);
  left_ -= *read_;
  send(std::string_view(body_).substr(0, *read_), &Answer::next_chunk);
}

void Answer::start_stream(StreamBody& stream) {
  const bool chunked = !exchange_->http_1_0 && may_have_body(response_.status);
  framing_.chunked = chunked;
  if (leaves_body_out()) return send({}, &Answer::complete);
  if (!chunked) framing_.keep_alive = false;  // The end of the connection is the end of the body.
  using Taken = ClientShares::Taken;
  const Taken taken = server_.stream_shares.take(exchange_->request.peer);
  if (taken != Taken::kYes) {
    const bool own = taken == Taken::kOwnShareIsUsedUp;
    Response response = own ? server_.error_response(429, "Too many answers to one client")
                            : server_.error_response(503, "Too many answers are being made");
    response.headers.set("Retry-After", "1");
    return start(std::move(response));
  }
  outbox_.expect(kLeastPerSecond);
  const std::weak_ptr<Answer> weak = weak_from_this();
  pipe_ = std::make_shared<StreamPipe>(kChunkSize, [weak, &loop = server_.loop] {
    loop.post([weak] {
      if (const auto self = weak.lock()) self->take_step(&Answer::send_stream);
    });
  });
  const bool posted = server_.streams.post(
      [self = shared_from_this(), body = std::move(stream)] { self->produce(body); });
  if (posted) return send_stream();
  server_.stream_shares.give_back(exchange_->request.peer);
  pipe_.reset();
  start(server_.error_response(503, "No thread to make the answer"));
}

/// On a thread of the stream pool. The place in it is given back before anybody can see the end, so
/// that the next request of the same client finds it.
void Answer::produce(const StreamBody& stream) {
  Produced produced = run_producer(stream, *pipe_, server_, exchange_->request.stop);
  server_.stream_shares.give_back(exchange_->request.peer);
  if (!produced.instead) return pipe_->finish(produced.complete);
  exchange_->response = std::move(*produced.instead);
  server_.loop.post([self = shared_from_this()] {
    if (self->listener_) self->pipe_.reset();
    self->take_step(&Answer::start_instead);
  });
}

void Answer::send_stream() {
  if (!listener_ || sending_) return;
  const StreamPipe::State state = pipe_->take(body_);
  if (state == StreamPipe::State::kFailed) return end(false);
  const bool last = state == StreamPipe::State::kComplete;
  if (body_.empty() && !last) return;
  begin_piece();
  std::string_view tail;
  if (framing_.chunked && body_.empty()) {
    tail = kLastChunk;
  } else if (framing_.chunked) {
    append_chunk_size(head_, body_.size());
    tail = last ? kLineEndAndLastChunk : kLineEnd;
  }
  send_piece(body_, tail, last ? &Answer::complete : &Answer::send_stream);
}

void Answer::send(std::string_view body, void (Answer::*then)()) {
  begin_piece();
  send_piece(body, {}, then);
}

void Answer::begin_piece() {
  head_.clear();
  if (started_) return;
  const auto& complete_head = server_.callbacks.complete_head;
  if (complete_head && exchange_->has_request) {
    complete_head(exchange_->request, response_.headers);
  }
  head_ = make_response_head(response_.status, response_.headers, framing_);
  started_ = true;
  listener_->answer_started();
}

void Answer::send_piece(std::string_view body, std::string_view tail, void (Answer::*then)()) {
  sending_ = true;
  outbox_.send({head_, body, tail}, [self = shared_from_this(), then](bool sent) {
    self->sending_ = false;
    if (!self->listener_) return;
    if (!sent) return self->end(false);
    self->take_step(then);
  });
}

void Answer::complete() { end(true); }

void Answer::end(bool complete) {
  Listener* listener = std::exchange(listener_, nullptr);
  if (!complete && pipe_) pipe_->cancel();
  listener->answer_ended(complete);
}

void Answer::abandon() {
  listener_ = nullptr;
  outbox_.cancel();
  if (const auto* body = std::get_if<SourceBody>(&response_.body)) body->source->cancel();
  if (pipe_) pipe_->cancel();
}

}  // namespace kiln::net
