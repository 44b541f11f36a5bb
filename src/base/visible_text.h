// Text of others for a terminal: nothing in it moves the cursor, changes colours, or turns the
// reading direction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiln::base {

/// The text with everything that a terminal would obey made visible: control characters (C0, DEL,
/// C1) as \n, \x1b, \u009b; what turns or hides the order of what is shown (bidirectional marks,
/// embeddings, overrides and isolates), line separators and the byte order mark as \u202e; bytes
/// that are no UTF-8 as \xff. The result is one line of valid UTF-8.
std::string visible_text(std::string_view text);

/// The code point of the first character if it is one of those that visible_text() shows as \u202e,
/// else 0. `size`: of the character, which is valid UTF-8.
char32_t hidden_code_point(std::string_view text, size_t size);

/// How many characters of visible text stand side by side.
size_t shown_width(std::string_view visible);

}  // namespace kiln::base
