// Small things with text.
#pragma once

#include <string>
#include <string_view>

namespace kiln::base {

/// ASCII letters in lower case.
std::string lower(std::string_view text);
/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace kiln::base
