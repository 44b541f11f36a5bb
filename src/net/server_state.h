// What the connections of one server share.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "net/client_shares.h"
#include "net/event_loop.h"
#include "net/server.h"
#include "net/worker_pool.h"

namespace kiln::net {

class Connection;

/// Lives longer than every connection and every task on its pools.
struct ServerState {
  explicit ServerState(const ServerOptions& server_options);

  /// What the responder makes of it, which is always a body of text and never throws.
  Response error_response(int status, std::string_view text) const;
  /// The same for an exception: 503 for want of memory, else 500.
  Response failure_response(const base::Error& error) const;
  /// Whose threads run handlers in the lane, which is not kAtOnce.
  WorkerPool& pool_of(Lane lane);

  const ServerOptions options;
  Callbacks callbacks;  ///< set before anything runs

  EventLoop loop;
  WorkerPool probes;   ///< run handlers in Lane::kProbe
  WorkerPool quick;    ///< run handlers in Lane::kQuick
  WorkerPool lengthy;  ///< run handlers in Lane::kLong
  WorkerPool readers;  ///< read SourceBodies, whose storage may be slow, apart from the handlers
  WorkerPool streams;  ///< run producers
  ClientShares stream_shares;

  // For the I/O thread only.
  std::vector<char> scratch;  ///< every read goes through it, so that an idle connection has none
  bool stopping = false;
  std::optional<base::MemoryShare> share;
  base::MemoryReservation memory;  ///< bytes of all requests
  /// Those that wait for their client to send, the one that has waited longest first.
  std::list<Connection*> waiting;
  std::function<void(Connection&)> on_closed;
  const std::string request_id_prefix;  ///< no two requests have the same id, also over restarts
  uint64_t last_request = 0;
};

/// One request on its way through the server. Handed to worker threads: who works on a request may
/// outlive the connection that it came by.
struct Exchange {
  Request request;
  bool has_request = true;  ///< false if no head could be read
  bool http_1_0 = false;
  bool keep_alive = false;  ///< the client would have it so
  std::stop_source stop;
  /// Nobody waits for an answer any more.
  std::atomic<bool> abandoned{false};
  /// Written by the worker before it posts that it is there.
  Response response;
};

}  // namespace kiln::net
