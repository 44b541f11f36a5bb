// The rest of a line that nobody reads, up to its end. Included once per SIMD target.
#if defined(KILN_JSON_SCAN_LINE_END_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KILN_JSON_SCAN_LINE_END_INL_H_
#undef KILN_JSON_SCAN_LINE_END_INL_H_
#else
#define KILN_JSON_SCAN_LINE_END_INL_H_
#endif

#include "json/line_parser.h"
#include "json/scan/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kiln::json::HWY_NAMESPACE {

/// Bits of ',', ':', '[' and '{': of what may stand before an opening brace outside of strings, but
/// for white space, and of braces themselves. Two control characters pass as well.
HWY_INLINE uint64_t marks_and_braces(const char* at) {
  alignas(16) static constexpr uint8_t kByLowHalf[16] = {1, 1, 1,   1,   1,   1, 1, 1,
                                                         1, 1, ':', '{', ',', 1, 1, 1};
  return block_mask(at, [](Vec v) HWY_ATTR {
    const Bytes d;
    const Vec folded = hn::Or(v, splat(0x20));  // '[' is '{' then
    const Vec low_half = hn::And(v, splat(0x0f));
    return hn::Eq(hn::TableLookupBytes(hn::LoadDup128(d, kByLowHalf), low_half), folded);
  });
}

HWY_INLINE bool is_mark(char c) { return c == ',' || c == ':' || c == '['; }

/// Whether one of these braces, which follow no mark at once, follows what only a string has before
/// one. After white space the byte before it tells; mostly there is one space.
HWY_INLINE bool has_odd_brace(const char* p, uint64_t braces) {
  for (; braces != 0; braces &= braces - 1) {
    const char* before = p + std::countr_zero(braces) - 1;
    if (!is_space(*before)) return true;
    while (is_space(*before)) --before;
    if (!is_mark(*before)) return true;
  }
  return false;
}

/// False for what stands in no line that was written whole: a control character, other than white
/// space and the '\r' of the line's end.
HWY_INLINE bool is_usual_control(const char* at) {
  return *at == '\t' || (*at == '\r' && at[1] == '\n');
}

LineEnd find_line_end(const char* from) {
  bool usual = true;
  uint64_t after_mark = is_mark(from[-1]) ? 1 : 0;
  for (const char* p = from;; p += kBlock) {
    uint64_t controls = control_mask(p);
    const uint64_t braces = block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('{')); });
    const uint64_t marks = marks_and_braces(p) & ~braces;
    uint64_t odd = braces & ~(marks << 1 | after_mark);
    after_mark = marks >> 63;
    if (HWY_LIKELY((controls | odd) == 0)) continue;
    for (; controls != 0; controls &= controls - 1) {
      const int at = std::countr_zero(controls);
      if (p[at] != '\n') {
        usual &= is_usual_control(p + at);
        continue;
      }
      odd &= (uint64_t{1} << at) - 1;
      if (HWY_UNLIKELY(odd != 0)) usual &= !has_odd_brace(p, odd);
      const char* last = p + at - 1;
      while (is_space(*last)) --last;
      return {p + at, usual && *last == '}'};
    }
    usual &= !has_odd_brace(p, odd);
  }
}

bool is_one_object(const char* line) {
  while (is_space(*line)) ++line;
  if (*line != '{') return false;
  const char* end = skip_to_close(line + 1, 1);
  if (end == nullptr || end[-1] != '}') return false;
  while (is_space(*end)) ++end;
  return *end == '\n';
}

}  // namespace kiln::json::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggling guard
