#include "fhirpath/unicode_case.h"

#include <array>

#include <utf8proc.h>

namespace kiln::fhirpath {
namespace {

void append_character(std::string& to, utf8proc_int32_t character) {
  std::array<utf8proc_uint8_t, 4> bytes;
  const utf8proc_ssize_t size = utf8proc_encode_char(character, bytes.data());
  to.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(size));
}

/// Calls ascii(c) for ASCII and other(character) for what is beyond; copies bytes that are no
/// UTF-8.
template <typename Ascii, typename Other>
void for_each_character(std::string& to, std::string_view text, Ascii ascii, Other other) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    if (*at < 0x80) {
      to += ascii(static_cast<char>(*at++));
      continue;
    }
    utf8proc_int32_t character = 0;
    const utf8proc_ssize_t size = utf8proc_iterate(at, end - at, &character);
    if (size <= 0) {
      to += static_cast<char>(*at++);
      continue;
    }
    other(character);
    at += size;
  }
}

char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char ascii_folded(char c) { return c >= '\t' && c <= '\r' ? ' ' : ascii_lower(c); }

/// Unicode's White_Space beyond ASCII.
bool is_space(utf8proc_int32_t character) {
  static constexpr utf8proc_int32_t kNextLine = 0x85;
  const utf8proc_category_t category = utf8proc_category(character);
  return character == kNextLine || category == UTF8PROC_CATEGORY_ZS ||
         category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/// One character may fold to several (ß to ss).
void append_folded(std::string& to, utf8proc_int32_t character) {
  std::array<utf8proc_int32_t, 8> folded;
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(character, folded.data(), folded.size(),
                                                         UTF8PROC_CASEFOLD, &boundary);
  if (count <= 0 || count > static_cast<utf8proc_ssize_t>(folded.size())) {
    return append_character(to, character);
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    append_character(to, folded[static_cast<size_t>(i)]);
  }
}

}  // namespace

void append_upper(std::string& to, std::string_view text) {
  for_each_character(to, text, ascii_upper, [&](utf8proc_int32_t character) {
    append_character(to, utf8proc_toupper(character));
  });
}

void append_lower(std::string& to, std::string_view text) {
  for_each_character(to, text, ascii_lower, [&](utf8proc_int32_t character) {
    append_character(to, utf8proc_tolower(character));
  });
}

std::string folded(std::string_view text) {
  std::string to;
  to.reserve(text.size());
  for_each_character(to, text, ascii_folded, [&](utf8proc_int32_t character) {
    if (is_space(character)) {
      to += ' ';
    } else {
      append_folded(to, character);
    }
  });
  return to;
}

}  // namespace kiln::fhirpath
