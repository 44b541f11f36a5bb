#include "api/access/reach.h"

#include <algorithm>

#include "base/text.h"
#include "net/address.h"

namespace kiln::api {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr std::string_view kSentFields =
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, "
    "If-None-Match, If-Range, If-Unmodified-Since, Prefer, Range";
constexpr std::string_view kReadFields =
    "Accept-Ranges, Content-Disposition, Content-Location, Content-Range, ETag, Expires, Location, "
    "Retry-After, X-Progress";

Issue not_our_name(const std::string& host) {
  return {IssueCode::kMisdirected,
          "this server is not called '" + host + "'; --allowed-host tells it of more names", ""};
}

Issue foreign_page(const std::string& who) {
  return {IssueCode::kForbidden,
          "requests of " + who + " are not answered; --cors-origin allows more", ""};
}

}  // namespace

std::string_view origin_part(std::string_view url) {
  const size_t host = url.find("://");
  return host == std::string_view::npos ? url : url.substr(0, url.find('/', host + 3));
}

Reach::Reach(const ServiceOptions& options)
    : own_(net::parse_origin(origin_part(options.base_url))) {
  if (own_) hosts_.push_back({own_->host, std::nullopt});
  for (const std::string& host : options.allowed_hosts) {
    if (auto parsed = net::parse_authority(host)) hosts_.push_back(std::move(*parsed));
  }
  for (const std::string& origin : options.cors_origins) {
    if (auto parsed = net::parse_origin(origin)) listed_.push_back(std::move(*parsed));
  }
}

/// The port says nothing about whom a page has tricked; where one is demanded it has to be there.
bool Reach::may_be_called(std::string_view host) const {
  const auto called = net::parse_authority(host);
  if (!called) return false;
  if (called->host == "localhost" || net::is_loopback(called->host)) return true;
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const net::Authority& one) {
    return one.host == called->host && (!one.port || *one.port == called->port.value_or(kHttpPort));
  });
}

bool Reach::is_own(const net::Origin& origin, const net::Request& request) const {
  if (own_ == origin) return true;
  const auto called = net::parse_authority(request.host);
  return called && origin == net::Origin{"http", called->host, called->port.value_or(kHttpPort)};
}

bool Reach::is_listed(const net::Origin& origin) const {
  return std::find(listed_.begin(), listed_.end(), origin) != listed_.end();
}

std::optional<Issue> Reach::refusal_of(const net::Request& request) const {
  const bool is_called = !request.host.empty() || request.headers.has("Host");
  if (is_called && !may_be_called(request.host)) return not_our_name(request.host);
  if (const auto text = request.headers.get("Origin")) {
    const auto origin = net::parse_origin(*text);
    if (origin && is_listed(*origin)) return std::nullopt;
    if (!origin || !is_own(*origin, request)) return foreign_page("the origin '" + *text + "'");
  }
  if (base::lower(request.headers.get("Sec-Fetch-Site").value_or("")) == "cross-site") {
    return foreign_page("pages of another site");
  }
  return std::nullopt;
}

bool Reach::is_preflight(const net::Request& request) {
  return request.method == "OPTIONS" && request.headers.has("Origin") &&
         request.headers.has("Access-Control-Request-Method");
}

net::Response Reach::preflight_response(const std::string& methods) {
  net::Response response;
  response.status = 204;
  response.headers.add("Access-Control-Allow-Methods", methods);
  response.headers.add("Access-Control-Allow-Headers", std::string(kSentFields));
  response.headers.add("Access-Control-Max-Age", "600");
  return response;
}

void Reach::complete_head(const net::Request& request, net::Headers& headers) const {
  const auto text = request.headers.get("Origin");
  if (text || !listed_.empty()) headers.add("Vary", "Origin");
  const auto origin = net::parse_origin(text.value_or(""));
  if (!origin || !is_listed(*origin) || !may_be_called(request.host)) return;
  headers.add("Access-Control-Allow-Origin", *text);
  headers.add("Access-Control-Expose-Headers", std::string(kReadFields));
}

}  // namespace kiln::api
