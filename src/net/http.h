// HTTP messages as the rest of Kiln sees them. No header of Boost or libcurl is needed to use them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace kiln::net {

/// Header fields in order. Names are compared without regard to case (RFC 9110 §5.1).
class Headers {
 public:
  void add(std::string name, std::string value);
  /// Replaces what was there.
  void set(std::string name, std::string value);
  /// The first field's value; several fields of one name joined by ", "; nothing if there is none.
  std::optional<std::string> get(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request that has arrived completely.
struct Request {
  std::string method;  ///< "GET"
  std::string target;  ///< as sent: "/base/Patient?x=1"
  std::string path;    ///< without the query, "/" at least; only escapes that need not have been
                       ///< are decoded, so that "%2F" stays part of its segment
  std::string host;  ///< whom the client means, "kiln.example:8080": of an absolute target, else of
                     ///< the Host field; "" if HTTP/1.0 does not say
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  Headers headers;
  std::string body;
  std::string peer;  ///< the client's address, without the port
  std::string id;    ///< for the log: unique within this process
  /// Requested when the client has gone or the server is stopping hard.
  std::stop_token stop;
};

/// Bytes of a body, taken piece by piece as the client takes them. Called from one thread at a
/// time, which may block in it.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Up to `size` bytes; 0 at the end. An error of the first read makes another answer, a later one
  /// resets the connection.
  virtual base::Result<size_t> read(char* to, size_t size) = 0;
  /// Nobody waits for the bytes any more. Called from another thread, at any time: a read that
  /// waits should end soon.
  virtual void cancel() {}
};

/// Takes the bytes of a body that is produced as it is sent. Thread-safe.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  /// Blocks while the client is behind. kCancelled when the client has gone, takes nothing for too
  /// long, or the server is stopping.
  virtual base::Status write(std::string_view bytes) = 0;
};

/// Produces a body. Runs on a thread of its own, so it may take long. The head of the response is
/// sent with the first bytes; if the producer fails before it has written any, `on_early_error` of
/// the body makes the response instead; later failures reset the connection, so that a cut body can
/// never be taken for a whole one.
using Producer = std::function<base::Status(StreamWriter& writer, std::stop_token stop)>;

struct Response;

/// What is answered if a body fails before its first byte: a text. Without it: 500.
using EarlyErrorResponder = std::function<Response(const base::Error&)>;

struct SourceBody {
  std::unique_ptr<BodySource> source;
  uint64_t size;  ///< exactly as many bytes come: the Content-Length
  EarlyErrorResponder on_early_error{};
};
struct StreamBody {
  Producer producer;
  EarlyErrorResponder on_early_error;
};

struct Response {
  int status = 200;
  Headers headers;
  std::variant<std::string, SourceBody, StreamBody> body;
};

/// "Fri" ... see base::to_http_date for dates.
std::string_view reason_of(int status);

/// Percent-decodes; nothing if an escape is bad or a NUL or control character comes out.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// The path with the escapes of RFC 3986's unreserved characters decoded, all others kept
/// (§6.2.2.2); nothing where percent_decode() gives nothing.
std::optional<std::string> normalize_path(std::string_view path);
/// Percent-encodes everything but RFC 3986 unreserved characters and those in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = "");
/// "a=1&b=2" decoded; nothing if an escape is bad.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace kiln::net
