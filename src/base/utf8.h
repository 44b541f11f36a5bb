// The form of UTF-8 (RFC 3629 §4).
#pragma once

#include <cstddef>
#include <string_view>

namespace kiln::base {

/// Bytes of the character that a text begins with; 0 if what stands there is none: overlong, a
/// surrogate, cut.
size_t utf8_character(std::string_view text);

/// Characters of a text that is UTF-8.
size_t utf8_length(std::string_view text);

}  // namespace kiln::base
