// Numbers out of texts.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace kiln::base {

/// The number that the whole text is, in decimal; nothing if there is anything else in it (a space,
/// a plus sign), or if a Number cannot hold it.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace kiln::base
