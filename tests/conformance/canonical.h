// JSON values as texts that are equal if the values are.
#pragma once

#include <string>

#include "json/document.h"

namespace kiln::conformance {

/// A JSON value with the keys of its objects sorted and its numbers in one form, for comparing.
std::string canonical(json::Value value);

}  // namespace kiln::conformance
