// What a client demands of a file before it wants it (RFC 9110 §13).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http.h"

namespace kiln::api {

/// What is known of the file.
struct Validators {
  std::string tag;  ///< a strong one, with its quotes
  std::optional<base::WallTime> modified;
};

enum class Precondition : uint8_t { kHolds, kNotModified, kFailed };

/// What the fields of a GET or HEAD lead to. In the order of §13.2.2; a date that is none is as
/// good as no field.
Precondition evaluate_preconditions(const net::Headers& headers, const Validators& validators);

/// Whether Range counts: If-Range is not there, or names this very file.
bool range_applies(const net::Headers& headers, const Validators& validators);

/// "Sun, 06 Nov 1994 08:49:37 GMT"; nothing for all else.
std::optional<base::WallTime> parse_http_date(const std::string& text);

}  // namespace kiln::api
