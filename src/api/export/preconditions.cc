#include "api/export/preconditions.h"

#include <ctime>

#include "base/text.h"

namespace kiln::api {
namespace {

/// True if a list of entity tags has this one, or is "*". Where the comparison is strong, a weak
/// tag is equal to none.
bool has_tag(std::string_view list, std::string_view tag, bool strong) {
  bool found = false;
  base::for_each_piece(list, ',', [&](std::string_view piece) {
    std::string_view one = base::trimmed(piece);
    if (!strong && one.starts_with("W/")) one.remove_prefix(2);
    found = found || one == "*" || one == tag;
  });
  return found;
}

/// The field's date if it is one, and the file has one to compare it to.
std::optional<base::WallTime> date_of(const net::Headers& headers, std::string_view name,
                                      const Validators& validators) {
  const auto text = headers.get(name);
  return text && validators.modified ? parse_http_date(*text) : std::nullopt;
}

/// As a client was told: dates of HTTP have no fractions.
base::WallTime told(const Validators& validators) {
  return std::chrono::floor<std::chrono::seconds>(*validators.modified);
}

}  // namespace

std::optional<base::WallTime> parse_http_date(const std::string& text) {
  std::tm parts{};
  const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return base::WallTime(std::chrono::seconds(::timegm(&parts)));
}

Precondition evaluate_preconditions(const net::Headers& headers, const Validators& validators) {
  if (const auto match = headers.get("If-Match")) {
    if (!has_tag(*match, validators.tag, true)) return Precondition::kFailed;
  } else if (const auto date = date_of(headers, "If-Unmodified-Since", validators)) {
    if (told(validators) > *date) return Precondition::kFailed;
  }
  if (const auto none = headers.get("If-None-Match")) {
    return has_tag(*none, validators.tag, false) ? Precondition::kNotModified
                                                 : Precondition::kHolds;
  }
  const auto date = date_of(headers, "If-Modified-Since", validators);
  return date && told(validators) <= *date ? Precondition::kNotModified : Precondition::kHolds;
}

/// A date proves less than a tag does: the file may have changed within the second (§13.1.5), so
/// that none is taken.
bool range_applies(const net::Headers& headers, const Validators& validators) {
  const auto field = headers.get("If-Range");
  return !field || *field == validators.tag;
}

}  // namespace kiln::api
