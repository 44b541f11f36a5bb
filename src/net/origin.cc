#include "net/origin.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

#include "base/number.h"
#include "base/text.h"

namespace kiln::net {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_name(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_letter(c) || base::is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

/// An IPv6 address in the one way that inet_ntop() writes it; nothing if it is none.
std::optional<std::string> canonical_v6(const std::string& text) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (::inet_pton(AF_INET6, text.c_str(), &address) != 1 ||
      ::inet_ntop(AF_INET6, &address, written.data(), written.size()) == nullptr) {
    return std::nullopt;
  }
  return std::string(written.data());
}

bool read_port(std::string_view text, std::optional<uint16_t>& port) {
  if (text.empty()) return true;  // "kiln.example:"
  port = base::whole_number<uint16_t>(text);
  return port.has_value();
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto address = canonical_v6(std::string(text.substr(1, end - 1)));
    if (!address) return std::nullopt;
    authority.host = *address;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    std::string_view host = text.substr(0, end);
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || !is_name(host)) return std::nullopt;
    authority.host = base::lower(host);
  }
  text.remove_prefix(end);
  if (text.empty()) return authority;
  if (text.front() != ':' || !read_port(text.substr(1), authority.port)) return std::nullopt;
  return authority;
}

std::optional<Origin> parse_origin(std::string_view text) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_letter(text[0])) return std::nullopt;
  const std::string scheme = base::lower(text.substr(0, end));
  const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_letter(c) || base::is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  const auto authority = parse_authority(text.substr(end + 3));
  if (!valid || !authority) return std::nullopt;
  const uint16_t usual = scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
  return Origin{scheme, authority->host, authority->port.value_or(usual)};
}

}  // namespace kiln::net
