#include "base/visible_text.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"

namespace kiln::base {
namespace {

/// Of the character that the text begins with, which is valid and of two or three bytes.
char32_t code_point(std::string_view text, size_t size) {
  const auto bits = [&](size_t i, unsigned mask) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]) & mask);
  };
  if (size == 2) return bits(0, 0x1F) << 6 | bits(1, 0x3F);
  return bits(0, 0x0F) << 12 | bits(1, 0x3F) << 6 | bits(2, 0x3F);
}

void append_ascii(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7F) {
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else {
    out += "\\x";
    append_hex(out, byte, 2);
  }
}

}  // namespace

char32_t hidden_code_point(std::string_view text, size_t size) {
  if (size != 2 && size != 3) return 0;
  const char32_t point = code_point(text, size);
  const bool hidden = point <= 0x9F || point == 0x061C || point == 0x200E || point == 0x200F ||
                      (point >= 0x2028 && point <= 0x202E) ||
                      (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
  return hidden ? point : 0;
}

std::string visible_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t size = utf8_character(text);
    if (size == 1) {
      append_ascii(out, text.front());
    } else if (size == 0) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text.front()), 2);
    } else if (const char32_t point = hidden_code_point(text, size); point != 0) {
      out += "\\u";
      append_hex(out, point, 4);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return out;
}

size_t shown_width(std::string_view visible) { return utf8_length(visible); }

}  // namespace kiln::base
