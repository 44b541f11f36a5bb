// By which names the server may be called, and from which web pages (operations.md §7, Reach).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/issue/issue.h"
#include "api/service.h"
#include "net/origin.h"

namespace kiln::api {

/// Of a URL what stands before its path: "https://kiln.example:8443".
std::string_view origin_part(std::string_view url);

/// A web page may send requests to any address, also by way of a name of its own that it has
/// pointed there (DNS rebinding): what its browser says of it decides. Immutable; thread-safe.
class Reach {
 public:
  /// Hosts and origins that cannot be read allow nothing: the options have checked them.
  explicit Reach(const ServiceOptions& options);

  /// Why a request may not be answered: 421, it calls the server by a name that is not its own;
  /// 403, a page that is not allowed has sent it.
  std::optional<Issue> refusal_of(const net::Request& request) const;

  /// The answer to a page's browser that asks before it sends a request; nothing if it does not
  /// ask.
  static bool is_preflight(const net::Request& request);
  static net::Response preflight_response(const std::string& methods);

  /// What a page on an allowed origin needs to read the answer.
  void complete_head(const net::Request& request, net::Headers& headers) const;

 private:
  bool may_be_called(std::string_view host) const;
  bool is_own(const net::Origin& origin, const net::Request& request) const;
  bool is_listed(const net::Origin& origin) const;

  std::vector<net::Authority> hosts_;
  std::optional<net::Origin> own_;  ///< of the base URL
  std::vector<net::Origin> listed_;
};

}  // namespace kiln::api
