#include "base/visible_text.h"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

std::string encoded(char32_t point) {
  std::string out;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
  return out;
}

TEST(VisibleText, WhatTerminalsObeyIsShown) {
  EXPECT_EQ(visible_text("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(visible_text("\x07\x08\x0b\x7f"), "\\x07\\x08\\x0b\\x7f");
  EXPECT_EQ(visible_text("a\r\n\tb"), "a\\r\\n\\tb");
  EXPECT_EQ(visible_text(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(visible_text("\xc2\x9b"
                         "31m"),
            "\\u009b31m");
  EXPECT_EQ(visible_text("\u202eabc\u202c\u2066x\u2069\u200f\u061c\ufeff\u2028"),
            "\\u202eabc\\u202c\\u2066x\\u2069\\u200f\\u061c\\ufeff\\u2028");
}

TEST(VisibleText, BytesThatAreNoCharacterAreShown) {
  EXPECT_EQ(visible_text("a\xff"
                         "b\xc3"),
            "a\\xffb\\xc3");
  EXPECT_EQ(visible_text("\x9b"), "\\x9b") << "C1 as some terminals read it";
  EXPECT_EQ(visible_text("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(visible_text("\xc0\x9b"), "\\xc0\\x9b") << "overlong";
}

TEST(VisibleText, TextIsLeftAsItIs) {
  for (const char* const text :
       {"", "plain 'text' \\d+ \\x1b", "Müller 山田 γιώργος 😀", "a\u200db"}) {
    EXPECT_EQ(visible_text(text), text);
  }
}

/// Every character: either it comes out as it is, or as ASCII.
TEST(VisibleText, WhateverComesInOneValidLineGoesOut) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    const std::string character = encoded(point);
    const std::string visible = visible_text(character);
    const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
    const bool as_it_is = visible == character;
    const bool shown =
        visible.front() == '\\' &&
        std::all_of(visible.begin(), visible.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    EXPECT_TRUE(control ? shown && !as_it_is : shown || as_it_is) << uint32_t{point};
  }
}

TEST(ShownWidth, CountsCharacters) {
  EXPECT_EQ(shown_width(""), 0U);
  EXPECT_EQ(shown_width("äöü"), 3U);
  EXPECT_EQ(shown_width(visible_text("\x1b")), 4U);
}

}  // namespace
}  // namespace kiln::base
