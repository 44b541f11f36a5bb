// Methods and paths to handlers.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/lane.h"

namespace kiln::net {

/// A request with the values of its route's placeholders.
struct RoutedRequest {
  const Request& request;
  std::map<std::string, std::string, std::less<>> parameters;
};
using RouteHandler = std::function<Response(const RoutedRequest&)>;

/// Immutable once serving; thread-safe then.
class Router {
 public:
  /// `pattern`: segments separated by '/', "{name}" for any one segment
  /// ("/ViewDefinition/{id}/$run"). HEAD goes to the GET handler.
  void add(std::string method, std::string pattern, Lane lane, RouteHandler handler);

  /// What a request leads to.
  struct Match {
    enum class Kind : uint8_t { kFound, kNotFound, kWrongMethod };
    Kind kind;
    const RouteHandler* handler = nullptr;
    Lane lane = Lane::kQuick;  ///< what the route declares; kQuick if there is none
    std::string route;         ///< the pattern, for metrics: "/export/{id}"
    std::map<std::string, std::string, std::less<>> parameters;
    std::vector<std::string> allowed;  ///< kWrongMethod: for the Allow header
  };
  /// `path` as it was sent: segments are decoded after they are split, so that a "%2F" is part of
  /// one. Literal segments win over placeholders. A final '/' is ignored.
  Match match(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Lane lane;
    RouteHandler handler;
  };
  std::vector<Route> routes_;
  size_t most_segments_ = 0;  ///< of a route
};

}  // namespace kiln::net
