#include "net/response_head.h"

#include <array>

#include <strings.h>

#include "base/clock.h"

namespace kiln::net {
namespace {

bool same_name(const std::string& a, const char* b) { return strcasecmp(a.c_str(), b) == 0; }

bool is_framing(const std::string& name) {
  constexpr std::array<const char*, 4> kNames = {"connection", "content-length",
                                                 "transfer-encoding", "keep-alive"};
  for (const char* framing : kNames) {
    if (same_name(name, framing)) return true;
  }
  return false;
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) {
    const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    head.push_back(control ? ' ' : c);
  }
  head.append("\r\n");
}

}  // namespace

std::string make_response_head(int status, const Headers& headers, const Framing& framing) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
  head.append(reason_of(status)).append("\r\n");
  if (!headers.has("Date")) {
    append_field(head, "Date", base::to_http_date(base::SystemClock().now()));
  }
  for (const auto& [name, value] : headers.fields()) {
    if (!is_framing(name)) append_field(head, name, value);
  }
  if (framing.chunked) append_field(head, "Transfer-Encoding", "chunked");
  if (framing.content_length) {
    append_field(head, "Content-Length", std::to_string(*framing.content_length));
  }
  // Said in both cases: it is what an HTTP/1.0 client has to hear to keep a connection.
  append_field(head, "Connection", framing.keep_alive ? "keep-alive" : "close");
  head.append("\r\n");
  return head;
}

bool asks_for_close(const Headers& headers) {
  const auto connection = headers.get("Connection");
  return connection && same_name(*connection, "close");
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace kiln::net
