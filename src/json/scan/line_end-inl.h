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

/// Whether one of the opening braces of a block follows what only a string has before one. Outside
/// of strings there is a '[', ':' or ',' before it, mostly at once.
HWY_INLINE bool has_odd_brace(const char* p, uint64_t braces) {
  const uint64_t marks = block_mask(p - 1, [](Vec v) HWY_ATTR {
    return hn::Or(hn::Or(hn::Eq(v, splat(',')), hn::Eq(v, splat(':'))), hn::Eq(v, splat('[')));
  });
  uint64_t unclear = braces & ~marks;
  if (HWY_LIKELY(unclear == 0)) return false;
  const uint64_t spaces =
      block_mask(p - 1, [](Vec v) HWY_ATTR { return hn::Lt(v, splat(' ' + 1)); });
  if ((unclear & ~spaces) != 0) return true;
  // After white space the byte before it tells; mostly there is one space.
  for (unclear &= ~(marks << 1); HWY_UNLIKELY(unclear != 0); unclear &= unclear - 1) {
    const char* before = p + std::countr_zero(unclear) - 1;
    while (is_space(*before)) --before;
    if (*before != ',' && *before != ':' && *before != '[') return true;
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
  for (const char* p = from;; p += kBlock) {
    uint64_t controls = control_mask(p);
    const uint64_t braces = block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('{')); });
    for (; HWY_UNLIKELY(controls != 0); controls &= controls - 1) {
      const int at = std::countr_zero(controls);
      if (p[at] != '\n') {
        usual &= is_usual_control(p + at);
        continue;
      }
      const uint64_t before = braces & ((uint64_t{1} << at) - 1);
      if (before != 0) usual &= !has_odd_brace(p, before);
      const char* last = p + at - 1;
      while (is_space(*last)) --last;
      return {p + at, usual && *last == '}'};
    }
    if (braces != 0) usual &= !has_odd_brace(p, braces);
  }
}

}  // namespace kiln::json::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggling guard
