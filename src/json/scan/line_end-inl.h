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

HWY_INLINE bool is_mark(char c) { return c == ',' || c == ':' || c == '['; }

/// Bits of the control characters, and of opening braces that follow no mark at once.
HWY_INLINE uint64_t controls_and_odd_braces(const char* at) {
  alignas(16) static constexpr uint8_t kMarkByLowHalf[16] = {1, 0, 0,   0,   0,   0, 0, 0,
                                                             0, 0, ':', '[', ',', 0, 0, 0};
  const Bytes d;
  const Vec marks = hn::LoadDup128(d, kMarkByLowHalf);
  return block_mask(at, [&](Vec v, Vec before) HWY_ATTR {
    const Vec mark = hn::TableLookupBytes(marks, hn::And(before, splat(0x0f)));
    const auto odd = hn::AndNot(hn::Eq(mark, before), hn::Eq(v, splat('{')));
    return hn::Or(hn::Lt(v, splat(0x20)), odd);
  });
}

/// Whether a brace follows what may stand before one outside of strings.
HWY_INLINE bool may_open(const char* brace) {
  const char* before = brace - 1;
  while (is_space(*before)) --before;
  return is_mark(*before);
}

/// False for what stands in no line that was written whole: a control character, other than white
/// space and the '\r' of the line's end.
HWY_INLINE bool is_usual_control(const char* at) {
  return *at == '\t' || (*at == '\r' && at[1] == '\n');
}

LineEnd find_line_end(const char* from) {
  bool usual = true;
  for (const char* p = from;; p += kBlock) {
    for (uint64_t bits = controls_and_odd_braces(p); HWY_UNLIKELY(bits != 0); bits &= bits - 1) {
      const char* const at = p + std::countr_zero(bits);
      if (*at == '\n') {
        const char* last = at - 1;
        while (is_space(*last)) --last;
        return {at, usual && *last == '}'};
      }
      usual &= *at == '{' ? may_open(at) : is_usual_control(at);
    }
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
