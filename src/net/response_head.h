// The head of a response as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace kiln::net {

/// How the body is framed (RFC 9112 §6), which is the server's matter and not the handler's.
struct Framing {
  bool keep_alive = true;
  bool chunked = false;
  std::optional<uint64_t> content_length;
};

/// Status line and fields with the empty line. Connection, Content-Length, Transfer-Encoding and
/// Keep-Alive among `headers` are left out; control characters in values become spaces.
std::string make_response_head(int status, const Headers& headers, const Framing& framing);

/// Whether the handler asked for "Connection: close".
bool asks_for_close(const Headers& headers);

/// 1xx, 204 and 304 have no body, whatever the handler says (RFC 9110 §6.4.1).
bool may_have_body(int status);

}  // namespace kiln::net
