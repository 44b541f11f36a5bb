// One response on its way to the client.
#pragma once

#include <memory>
#include <string>

#include "net/outbox.h"
#include "net/response_head.h"
#include "net/server_state.h"
#include "net/stream_body.h"

namespace kiln::net {

/// Sends a response, whatever its body is. For the I/O thread only, except where a function says
/// otherwise; shared, since the workers that make the body come back to it and may outlive the
/// connection.
class Answer : public std::enable_shared_from_this<Answer> {
 public:
  /// Told what happens, until abandon().
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The first bytes are about to be sent: it is too late for another answer.
    virtual void answer_started() = 0;
    /// Not complete: the connection is of no use any more and has to be reset.
    virtual void answer_ended(bool complete) = 0;
  };

  Answer(ServerState& server, Descriptor& socket, std::shared_ptr<Exchange> exchange,
         Listener& listener);

  void start(Response response);
  /// The client has gone, or gets another answer. Ends the producer's writes; nothing is sent and
  /// nobody is told from now on.
  void abandon();

  int status() const { return response_.status; }
  bool started() const { return started_; }
  /// Whether a producer runs for it.
  bool is_stream() const { return pipe_ != nullptr; }
  bool keep_alive() const { return framing_.keep_alive; }
  uint64_t body_bytes() const { return outbox_.body_bytes(); }

 private:
  bool leaves_body_out() const;
  void send_text(std::string& text);
  void start_source();
  void next_chunk();
  void read_chunk();
  void chunk_arrived();
  void start_stream(StreamBody& stream);
  void start_instead();
  void send_stream();
  void produce(const StreamBody& stream);
  void send(std::string_view body, void (Answer::*then)());
  void begin_piece();
  void send_piece(std::string_view body, std::string_view tail, void (Answer::*then)());
  /// A step from the loop: without memory for it the answer ends.
  void take_step(void (Answer::*step)());
  void complete();
  void end(bool complete);

  ServerState& server_;
  const std::shared_ptr<Exchange> exchange_;
  Listener* listener_;
  Outbox outbox_;
  Response response_;
  Framing framing_;
  std::string head_;  ///< of the response, or of a chunk
  std::string body_;
  uint64_t left_ = 0;  ///< of a source
  base::Result<size_t> read_ = size_t{0};
  std::optional<Response> instead_;  ///< of a source that failed before its first byte
  std::shared_ptr<StreamPipe> pipe_;
  bool started_ = false;
  bool sending_ = false;
};

}  // namespace kiln::net
