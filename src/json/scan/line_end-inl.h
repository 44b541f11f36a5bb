// The rest of a line that nobody reads, up to its end, and what might be wanted of it. Included
// once per SIMD target.
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
  return block_mask_with_before(at, [&](Vec v, Vec before) HWY_ATTR {
#if HWY_ARCH_X86  // PSHUFB takes the low half of a byte, and gives 0 for one beyond ASCII
    const Vec mark = hn::TableLookupBytes(marks, before);
#else
    const Vec mark = hn::TableLookupBytes(marks, hn::And(before, splat(0x0f)));
#endif
    const auto odd = hn::AndNot(hn::Eq(mark, before), hn::Eq(v, splat('{')));
    return hn::Or(hn::Lt(v, splat(0x20)), odd);
  });
}

/// False for a brace that begins an object where none may stand. One that is followed by what no
/// object begins with is a text's, as in the units of UCUM: `{score}`.
HWY_INLINE bool may_open(const char* brace) {
  const char next = brace[1];
  if (next != '"' && next != '}' && next != '\n' && !is_space(next)) return true;
  const char* before = brace - 1;
  while (is_space(*before)) --before;
  return is_mark(*before);
}

/// False for what stands in no line that was written whole: a control character, other than white
/// space and the '\r' of the line's end.
HWY_INLINE bool is_usual_control(const char* at) {
  return *at == '\t' || (*at == '\r' && at[1] == '\n');
}

/// Looks at what is notable in a block at `p` up to the line's end, which is returned if it is
/// there, else null.
HWY_INLINE const char* pass_notable(const char* p, uint64_t notable, bool& usual) {
  for (; notable != 0; notable &= notable - 1) {
    const char* const at = p + std::countr_zero(notable);
    if (*at == '\n') return at;
    usual &= *at == '{' ? may_open(at) : is_usual_control(at);
  }
  return nullptr;
}

HWY_INLINE LineEnd line_end(const char* newline, bool usual) {
  const char* last = newline - 1;
  while (is_space(*last)) --last;
  return {newline, usual && *last == '}'};
}

LineEnd find_line_end(const char* from) {
  bool usual = true;
  for (const char* p = from;; p += kBlock) {
    const uint64_t notable = controls_and_odd_braces(p);
    if (HWY_LIKELY(notable == 0)) continue;
    const char* const newline = pass_notable(p, notable, usual);
    if (newline != nullptr) return line_end(newline, usual);
  }
}

SearchResult search_line(const Needle& needle, const char* from) {
  const char a = needle.text[needle.probe_a];
  const char b = needle.text[needle.probe_b];
  bool usual = true;
  for (const char* p = from;; p += kBlock) {
    uint64_t notable = 0;
    uint64_t escapes = 0;
    uint64_t hits = 0;
    for (;; p += kBlock) {  // without calls, so that all it needs stays in registers
      notable = controls_and_odd_braces(p);
      escapes = block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('\\')); });
      hits = block_mask(p + needle.probe_a, [a](Vec v) HWY_ATTR { return hn::Eq(v, splat(a)); }) &
             block_mask(p + needle.probe_b, [b](Vec v) HWY_ATTR { return hn::Eq(v, splat(b)); });
      if (HWY_UNLIKELY((notable | escapes | hits) != 0)) break;
    }
    const char* const newline = pass_notable(p, notable, usual);
    if (newline != nullptr) {
      const uint64_t before = (uint64_t{1} << (newline - p)) - 1;
      hits &= before;
      escapes &= before;
    }
    for (; hits != 0; hits &= hits - 1) {
      const char* const at = p + std::countr_zero(hits);
      if (std::memcmp(at, needle.text.data(), needle.text.size()) == 0) return {true, {}};
    }
    for (; escapes != 0; escapes &= escapes - 1) {
      if (p[std::countr_zero(escapes) + 1] == 'u') return {true, {}};
    }
    if (newline != nullptr) return {false, line_end(newline, usual)};
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
