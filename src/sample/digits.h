// Numbers as text, without locale or floating point.
#pragma once

#include <cstdint>
#include <string>

namespace kiln::sample {

/// `value` in at least `width` digits.
inline std::string padded(uint64_t value, size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

/// `value` in units of the last of `places` decimal places: (1425, 1) is 142.5.
inline std::string decimal_text(int64_t value, int places) {
  const size_t after = static_cast<size_t>(places);
  std::string text = padded(static_cast<uint64_t>(value < 0 ? -value : value), after + 1);
  if (after > 0) text.insert(text.size() - after, 1, '.');
  if (value < 0) text.insert(0, 1, '-');
  return text;
}

}  // namespace kiln::sample
