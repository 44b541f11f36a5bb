// Small things with text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::base {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// ASCII letters in lower case.
std::string lower(std::string_view text);
/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// The lowest `digits` hexadecimal digits of a number.
void append_hex(std::string& out, uint32_t number, int digits);

/// Calls function(piece) for each piece of a list, as it stands between the separators.
template <typename Function>
void for_each_piece(std::string_view text, char separator, Function function) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
    function(piece);
  }
}

}  // namespace kiln::base
