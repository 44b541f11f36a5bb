#include "json/text.h"

#include <cstdint>

#include <simdjson.h>

#include "base/text.h"
#include "base/utf8.h"

namespace kiln::json {
namespace {

/// The value of four hex digits, or -1.
int hex4(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit = 0;
    if (base::is_digit(c)) {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

char* write_utf8(char* out, uint32_t code) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | (code >> 6));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xE0 | (code >> 12));
    *out++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | (code >> 18));
    *out++ = static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return out;
}

/// What a one-letter escape stands for, 0 for none.
char short_escape(char letter) {
  switch (letter) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '/':
      return '/';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

size_t find_bad_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = base::utf8_character(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return std::string_view::npos;
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t bad = find_bad_utf8(text);
    out += text.substr(0, bad);
    if (bad == std::string_view::npos) return out;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(bad + 1);
  }
}

size_t find_bad_escape(std::string_view text) {
  size_t at = 0;
  while ((at = text.find('\\', at)) != std::string_view::npos) {
    if (at + 1 >= text.size()) return at;
    if (short_escape(text[at + 1]) != 0) {
      at += 2;
      continue;
    }
    if (text[at + 1] != 'u' || at + 6 > text.size()) return at;
    const int unit = hex4(text.data() + at + 2);
    if (unit < 0 || is_low_surrogate(unit)) return at;
    if (is_high_surrogate(unit)) {
      if (at + 12 > text.size() || text[at + 6] != '\\' || text[at + 7] != 'u' ||
          !is_low_surrogate(hex4(text.data() + at + 8))) {
        return at;
      }
      at += 6;
    }
    at += 6;
  }
  return std::string_view::npos;
}

size_t unescape_to(char* out, std::string_view text) {
  char* const begin = out;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    if (*p != '\\') {
      *out++ = *p++;
    } else if (p[1] != 'u') {
      *out++ = short_escape(p[1]);
      p += 2;
    } else {
      auto code = static_cast<uint32_t>(hex4(p + 2));
      p += 6;
      if (is_high_surrogate(static_cast<int>(code))) {
        code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(hex4(p + 2)) - 0xDC00);
        p += 6;
      }
      out = write_utf8(out, code);
    }
  }
  return static_cast<size_t>(out - begin);
}

void append_unescaped(std::string& out, std::string_view text) {
  const size_t before = out.size();
  out.resize(before + text.size());
  out.resize(before + unescape_to(out.data() + before, text));
}

std::string shortened(std::string_view text) {
  static constexpr size_t kMost = 60;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

bool is_number(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const auto digits = [&] {
    const char* const start = p;
    while (p < end && base::is_digit(*p)) ++p;
    return p - start;
  };
  if (p < end && *p == '-') ++p;
  const char* const whole = p;
  const auto whole_digits = digits();
  if (whole_digits == 0 || (whole_digits > 1 && *whole == '0')) return false;
  if (p < end && *p == '.') {
    ++p;
    if (digits() == 0) return false;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (digits() == 0) return false;
  }
  return p == end;
}

}  // namespace kiln::json
