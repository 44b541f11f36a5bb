#include "base/utf8.h"

#include <algorithm>

namespace kiln::base {
namespace {

/// What may follow a first byte: how many bytes in all, and the bounds of the second one.
struct Form {
  size_t size;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
};

Form form_of(unsigned char first) {
  if (first < 0x80) return {1};
  if (first < 0xC2) return {0};
  if (first < 0xE0) return {2};
  if (first == 0xE0) return {3, 0xA0};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3};
  if (first == 0xF0) return {4, 0x90};
  if (first < 0xF4) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

}  // namespace

size_t utf8_character(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const Form form = form_of(byte(0));
  if (form.size > text.size()) return 0;
  for (size_t i = 1; i < form.size; ++i) {
    const bool second = i == 1;
    if (byte(i) < (second ? form.least : 0x80) || byte(i) > (second ? form.most : 0xBF)) return 0;
  }
  return form.size;
}

size_t utf8_length(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace kiln::base
