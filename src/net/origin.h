// Who is called and who calls, as Host and Origin say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::net {

/// "Kiln.Example.:8080" as {"kiln.example", 8080}: in lower case, without a final dot; numbers of
/// IPv6 as inet_ntop() writes them, without their brackets.
struct Authority {
  std::string host;
  std::optional<uint16_t> port;
};
/// RFC 3986 §3.2 without user information; nothing if there is no host, or what stands there is
/// none.
std::optional<Authority> parse_authority(std::string_view text);

/// A web page's origin (RFC 6454): equal ones have the same scheme, host and port.
struct Origin {
  std::string scheme;  ///< in lower case
  std::string host;    ///< as in Authority
  uint16_t port;       ///< the scheme's own if none is given, 0 if it has none
  friend bool operator==(const Origin&, const Origin&) = default;
};
/// "https://kiln.example" without a path; nothing for all else, "null" too.
std::optional<Origin> parse_origin(std::string_view text);

}  // namespace kiln::net
