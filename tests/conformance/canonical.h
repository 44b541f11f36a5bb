// JSON values as texts that are equal if the values are.
#pragma once

#include <string>
#include <string_view>

#include "json/document.h"

namespace kiln::conformance {

using KeyFilter = bool (*)(std::string_view key);

/// A JSON value with the keys of its objects sorted and its numbers in one form, for comparing.
/// Members whose keys `counts` is false for are left out.
std::string canonical(json::Value value, KeyFilter counts = nullptr);

}  // namespace kiln::conformance
