// "Did you mean": the nearest of some names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::base {

/// The candidate within an edit distance that a slip of the finger explains (a third of the name's
/// length, case ignored first), or empty.
std::string nearest_name(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace kiln::base
