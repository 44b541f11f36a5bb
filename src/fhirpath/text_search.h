// Finding texts in texts, in linear time and in pieces that the evaluation counts.
#pragma once

#include <cstddef>
#include <string_view>

#include "fhirpath/context.h"

namespace kiln::fhirpath {

constexpr size_t kNotFound = std::string_view::npos;

/// Where `needle` first stands in `text`, as std::string_view::find: kNotFound if nowhere. False:
/// refused by a limit.
[[nodiscard]] bool find_text(Context& context, std::string_view text, std::string_view needle,
                             size_t& at);
/// Where it last stands.
[[nodiscard]] bool find_last_text(Context& context, std::string_view text, std::string_view needle,
                                  size_t& at);

}  // namespace kiln::fhirpath
