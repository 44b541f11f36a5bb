// Bytes to a request. Beast's parser, and the rules that it leaves open.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "net/http.h"

namespace kiln::net {

/// Reads one request, fed piece by piece.
class RequestParser {
 public:
  struct Limits {
    size_t head;
    size_t body;
  };
  enum class State : uint8_t { kHead, kBody, kDone, kFailed };

  explicit RequestParser(Limits limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Returns how many bytes of `bytes` were used; the rest has to be in front at the next call.
  /// After kDone and kFailed nothing more is used.
  size_t feed(std::string_view bytes);
  State state() const;

  /// Bytes of memory that the request takes so far.
  size_t held() const;
  /// kFailed: what to answer.
  int failure_status() const;
  std::string_view failure_text() const;

  /// kBody: whether the client waits for "100 Continue" before it sends the body. True once.
  bool take_expectation();
  /// After the head: whether the connection may be used again.
  bool keep_alive() const;
  bool is_http_1_0() const;
  /// What has been read, whole after kDone. Method and target are empty if no head could be read.
  Request& request();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::net
