#include "net/router.h"

#include <algorithm>

namespace kiln::net {
namespace {

/// The segments of "/a/b/", each decoded; a final '/' makes none of its own.
std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return segments;
  for (;;) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    segments.push_back(percent_decode(segment, false).value_or(std::string(segment)));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_placeholder(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](std::string_view expected, std::string_view actual) {
                      return is_placeholder(expected) ? !actual.empty() : expected == actual;
                    });
}

/// Whether `a` is literal at the first segment in which the two differ in kind.
bool is_more_literal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](std::string_view x, std::string_view y) {
                                        return !is_placeholder(x) && is_placeholder(y);
                                      });
}

}  // namespace

void Router::add(std::string method, std::string pattern, Lane lane, RouteHandler handler) {
  std::vector<std::string> segments = split(pattern);
  most_segments_ = std::max(most_segments_, segments.size());
  routes_.push_back(
      {std::move(method), std::move(pattern), std::move(segments), lane, std::move(handler)});
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match{Match::Kind::kNotFound, nullptr, Lane::kQuick, {}, {}, {}};
  // Not even split, as that takes longer than reading it has: a slash at either end makes none.
  const auto slashes = static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
  if (slashes > most_segments_ + 1) return match;
  std::vector<std::string> segments = split(path);
  const Route* best = nullptr;
  const Route* best_of_any_method = nullptr;
  for (const Route& route : routes_) {
    if (!fits(route.segments, segments)) continue;
    if (!best_of_any_method || is_more_literal(route.segments, best_of_any_method->segments)) {
      best_of_any_method = &route;
    }
    const bool right = route.method == method || (method == "HEAD" && route.method == "GET");
    if (!right) continue;
    // A HEAD handler of its own goes before the GET handler of the same path.
    if (!best || is_more_literal(route.segments, best->segments) ||
        (route.method == method && best->method != method &&
         !is_more_literal(best->segments, route.segments))) {
      best = &route;
    }
  }
  if (!best_of_any_method) return match;
  // A path that is named is meant, not what a placeholder would make of it.
  if (!best || is_more_literal(best_of_any_method->segments, best->segments)) {
    match.kind = Match::Kind::kWrongMethod;
    match.route = best_of_any_method->pattern;
    for (const Route& route : routes_) {
      if (!fits(route.segments, segments)) continue;
      if (is_more_literal(best_of_any_method->segments, route.segments)) continue;
      match.allowed.push_back(route.method);
      if (route.method == "GET") match.allowed.emplace_back("HEAD");
    }
    std::sort(match.allowed.begin(), match.allowed.end());
    match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()),
                        match.allowed.end());
    return match;
  }
  match.kind = Match::Kind::kFound;
  match.handler = &best->handler;
  match.lane = best->lane;
  match.route = best->pattern;
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::string_view name = best->segments[i];
    if (!is_placeholder(name)) continue;
    match.parameters.emplace(name.substr(1, name.size() - 2), std::move(segments[i]));
  }
  return match;
}

}  // namespace kiln::net
