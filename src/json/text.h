// JSON string and number texts: what is between the quotes, as written, to what it means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiln::json {

/// True if the bytes are valid UTF-8.
bool is_utf8(std::string_view text);

/// Offset of the first byte that is not part of a valid character, npos if is_utf8(). Slower than
/// that: for telling where.
size_t find_bad_utf8(std::string_view text);

/// The text with U+FFFD for each byte that is not part of a valid character.
std::string repair_utf8(std::string_view text);

/// Offset of the first escape that means nothing (\x, \u12, a lone surrogate), npos if all are
/// good.
size_t find_bad_escape(std::string_view text);

/// Appends a string's text with its escapes resolved. The escapes must be good.
void append_unescaped(std::string& out, std::string_view text);

/// Writes at most text.size() bytes to `out`, returns how many. The escapes must be good.
size_t unescape_to(char* out, std::string_view text);

/// A text for a message: cut between characters if it is longer than some 60 bytes, with "..."
/// then.
std::string shortened(std::string_view text);

/// True if all of `text` is one JSON number (RFC 8259 §6).
bool is_number(std::string_view text);

}  // namespace kiln::json
