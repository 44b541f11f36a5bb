// The HTTP server: connections, limits and time-outs. What requests mean is the handler's matter.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/memory_budget.h"
#include "net/http.h"
#include "net/lane.h"

namespace kiln::net {

struct ServerOptions {
  /// Numbers, as resolve_host() gives them; the first one that can be had is listened on.
  std::vector<std::string> addresses = {"127.0.0.1"};
  uint16_t port = 8080;                               ///< 0: a free one
  size_t max_header_size = 64 * 1024;                 ///< 431 above
  size_t max_body_size = 16U << 20;                   ///< 413 above
  size_t max_held = 256U << 20;                       ///< of requests that arrive or are answered,
                                                      ///< all together; 503 above
  std::chrono::milliseconds request_timeout{60'000};  ///< head and body have to arrive in it (408);
                                                      ///< the first byte of a streamed answer has
                                                      ///< to be there in it (504); the client has
                                                      ///< to take something in it (cut off)
  std::chrono::milliseconds idle_timeout{75'000};     ///< between requests of a connection
  std::chrono::milliseconds stop_timeout{8'000};      ///< running requests get this long at stop()
  size_t max_connections = 10'000;                    ///< for a further one the connection that has
                                                      ///< waited longest for its client is closed;
                                                      ///< if all are at work it waits
  size_t quick_threads = 8;                           ///< for handlers in Lane::kQuick
  size_t long_threads = 16;                           ///< for handlers in Lane::kLong
  size_t max_streams = 64;                            ///< producers at once; 503 above
  size_t max_streams_per_client = 0;                  ///< of them, of one address; 429 above; 0: a
                                                      ///< quarter, at least one
  base::MemoryBudget* memory = nullptr;               ///< what requests draw from, 503 beyond;
                                                      ///< null: unbounded
};

/// What a request is answered with when the server itself has to answer: 400 (not HTTP), 408, 413,
/// 417, 431, 501, 503, 504, or 500 after an exception. The handler's side knows how an error looks.
/// Called on the I/O thread, too, so it must not block; only a body of text is taken from it.
using ErrorResponder = std::function<Response(int status, std::string_view text)>;

/// Called on a thread of the request's lane, which says how long it may take; not at all once the
/// client has gone.
using Handler = std::function<Response(const Request&)>;

/// Where a handler runs; without it: kQuick. Called on the I/O thread; must not block.
using LaneOf = std::function<Lane(const Request&)>;

/// Adds to the head of any answer to a request that could be read, whoever has made it. Called on
/// the I/O thread; must not block.
using HeadCompleter = std::function<void(const Request&, Headers&)>;

/// Called on the I/O thread when a request has been answered or has failed; must not block.
struct RequestLog {
  const Request* request;  ///< null if none could be read
  int status;              ///< 0 if nothing was sent
  uint64_t bytes;          ///< of body that were sent
  std::chrono::microseconds duration;
  bool complete;  ///< false: cut off
};
using RequestLogger = std::function<void(const RequestLog&)>;

/// Whom the server asks. Only handler and responder have to be there.
struct Callbacks {
  Handler handler;
  ErrorResponder responder;
  RequestLogger logger{};
  LaneOf lane_of{};
  HeadCompleter complete_head{};
};

/// HTTP/1.1 (and 1.0) with keep-alive, HEAD (the body of a string or source answer is left out, its
/// Content-Length kept; no producer is run), Expect: 100-continue, chunked answers. Runs on threads
/// of its own. A client that ends its side of the connection counts as gone: Request::stop is
/// requested, a stream is cut, but what a handler then returns is still sent.
class Server {
 public:
  /// Clients can connect, and wait for serve(). An address in use or not ours is kIo, naming it.
  static base::Result<std::unique_ptr<Server>> listen(const ServerOptions& options);
  /// Answers them from now on. To be called once.
  base::Status serve(Callbacks callbacks);
  /// Stops hard if stop() was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  /// No new connections or requests; waits for the running ones up to the stop timeout, then resets
  /// their connections. Returns when all threads have ended; not to be called from one of them.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::net
