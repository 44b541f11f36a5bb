// One client's connection: its requests, one after the other.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/answer.h"
#include "net/request_parser.h"
#include "net/server_state.h"

namespace kiln::net {

/// For the I/O thread only. Shared between whoever keeps the list of connections and the callbacks
/// that wait for something of it. While no request is under way it holds no buffer at all.
class Connection final : public std::enable_shared_from_this<Connection>, Answer::Listener {
 public:
  /// Owns `socket`, which is non-blocking.
  Connection(ServerState& server, int socket, std::string peer);

  void start();
  /// Closes unless a request is being answered; that one is the last.
  void stop();
  /// Cuts whatever is under way.
  void reset();
  /// Closes, as it waits for its client and somebody else needs its place.
  void make_way() { close(); }

 private:
  enum class Phase : uint8_t {
    kIdle,       ///< no byte of a request has come
    kReading,    ///< a part of a request has come
    kAnswering,  ///< a handler runs, or an answer is being sent
    kLingering,  ///< all is sent; what the client still sends is thrown away, see linger()
    kClosed,
  };
  using Step = void (Connection::*)();

  /// `step` as a callback that keeps the connection alive; an exception in it (no memory) resets
  /// it.
  EventLoop::Callback later(Step step);
  void watch();
  void on_readable();
  void on_end_of_input();
  void on_late_input(std::string_view bytes);

  void become_idle();
  void stop_waiting();
  /// False if there is no memory for so much; then it holds what it did.
  bool hold(size_t bytes);
  void take_input();
  void read_request(std::string_view bytes);
  size_t parse(std::string_view bytes);
  void offer_to_continue();
  void fail(int status, std::string_view text);
  void on_late_request() { fail(408, "The request took too long to arrive"); }
  void on_late_answer();

  std::shared_ptr<Exchange> make_exchange();
  void dispatch();
  void handled();
  void answer(Response response);
  void answer_started() override;
  void answer_ended(bool complete) override;
  void log(bool complete);

  void linger();
  void close() { close_socket(false); }
  void close_socket(bool with_reset);

  ServerState& server_;
  Descriptor socket_;
  Timer timer_;  ///< what `phase_` waits for at most; see the callbacks it is started with
  const std::string peer_;
  Phase phase_ = Phase::kIdle;
  std::list<Connection*>::iterator place_;  ///< in the list of those that wait; its end: not in it
  bool watching_ = false;
  bool client_ended_ = false;  ///< the client sends no more
  std::string input_;          ///< came, but not parsed yet
  size_t held_ = 0;            ///< bytes of the request and of what came after it
  bool unread_ = false;        ///< the client may still be sending what was not read
  size_t lingered_ = 0;
  std::chrono::steady_clock::time_point began_;  ///< of the request
  std::unique_ptr<RequestParser> parser_;        ///< kReading
  std::shared_ptr<Exchange> exchange_;           ///< kAnswering
  std::shared_ptr<Answer> answer_;               ///< kAnswering, when the handler is done
};

}  // namespace kiln::net
