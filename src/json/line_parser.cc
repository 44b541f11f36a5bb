#include "json/line_parser.h"

// The parser is compiled once per SIMD target by including this file again and again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "json/line_parser.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "json/scan/parse-inl.h"

#if HWY_ONCE

#include <algorithm>

#include <hwy/targets.h>

namespace kiln::json {

HWY_EXPORT(parse_line);
HWY_EXPORT(find_resource_type);
HWY_EXPORT(search_line);

LineResult parse_line(const Shape& shape, std::string_view type, const char* line, Tape& tape) {
  return HWY_DYNAMIC_DISPATCH(parse_line)(shape, type, line, tape);
}

std::string_view find_resource_type(const char* line) {
  return HWY_DYNAMIC_DISPATCH(find_resource_type)(line);
}

SearchResult search_line(const Needle& needle, const char* line) {
  return HWY_DYNAMIC_DISPATCH(search_line)(needle, line);
}

Needle::Needle(std::string_view needle) : text(needle), probe_a(0), probe_b(needle.size() - 1) {
  // Common bytes of FHIR JSON, the most common first; a byte that is not listed is rarer.
  static constexpr std::string_view kCommon = "\"eaoitnrsc:d0l,mhup1f/g2y-5v438796.bk_S";
  const auto rarity = [&](size_t i) { return std::min(kCommon.find(text[i]), kCommon.size()); };
  for (size_t i = 0; i < text.size(); ++i) {
    if (rarity(i) > rarity(probe_a)) probe_a = i;
  }
  if (probe_b == probe_a) probe_b = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != probe_a && rarity(i) > rarity(probe_b)) probe_b = i;
  }
}

std::string_view active_simd_target() {
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(targets & -targets);
}

}  // namespace kiln::json

#endif  // HWY_ONCE
