// An HTTP client on libcurl, for object stores.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "net/http.h"

namespace kiln::net {

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers{};
  std::string_view body{};  ///< must live until perform() returns
  /// If set, gets the body of a 2xx answer piece by piece instead of ClientResponse::body. An error
  /// ends the transfer and is perform()'s result.
  std::function<base::Status(std::string_view)> on_body{};
  std::chrono::milliseconds connect_timeout{5'000};
  /// Not a byte, either way, for this long ends the transfer.
  std::chrono::milliseconds stall_timeout{30'000};
  /// A larger body of an answer is kLimit (on_body not counted).
  size_t max_body_size = 64U << 20;
  std::string ca_file{};  ///< PEM: who is trusted for https; empty: as the system has it
  std::stop_token stop{};
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Keeps connections alive and hands them from request to request. Thread-safe: any number of
/// perform() calls at once. Redirects are not followed; proxies of the environment are not used.
class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any complete answer is a success, whatever its status. No connection, a broken one, a
  /// time-out: kUnavailable. Somebody who is not trusted: kIo. A requested stop: kCancelled, within
  /// 100 ms.
  base::Result<ClientResponse> perform(const ClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::net
