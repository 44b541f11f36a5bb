#include "json/line_parser.h"

// The parser is compiled once per SIMD target by including this file again and again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "json/line_parser.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "json/scan/line_end-inl.h"
#include "json/scan/parse-inl.h"

#if HWY_ONCE

#include <algorithm>

#include <hwy/targets.h>

namespace kiln::json {

HWY_EXPORT(parse_line);
HWY_EXPORT(find_resource_type);
HWY_EXPORT(search_line);
HWY_EXPORT(find_line_end);
HWY_EXPORT(is_one_object);

namespace {

/// The function for the target that is chosen at the moment.
#define KILN_CHOSEN(function) (HWY_DISPATCH_TABLE(function)[hwy::GetChosenTarget().GetIndex()])

std::vector<Scanner> all_scanners() {
  std::vector<Scanner> scanners;
  // Asked once: each time it executes CPUID many times over, which is slow in virtual machines.
  const int64_t supported = hwy::SupportedTargets();
  for (int64_t rest = supported & HWY_TARGETS; rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;  // the lowest bit is the best
    hwy::GetChosenTarget().Update(target);
    scanners.push_back({hwy::TargetName(target), KILN_CHOSEN(parse_line),
                        KILN_CHOSEN(find_resource_type), KILN_CHOSEN(search_line),
                        KILN_CHOSEN(find_line_end), KILN_CHOSEN(is_one_object)});
  }
  hwy::GetChosenTarget().Update(supported);
  return scanners;
}

}  // namespace

const std::vector<Scanner>& Scanner::all() {
  static const std::vector<Scanner> kAll = all_scanners();
  return kAll;
}

const Scanner& Scanner::best() { return all().front(); }

std::string_view find_resource_type(const char* line) {
  return Scanner::best().find_resource_type(line);
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

}  // namespace kiln::json

#endif  // HWY_ONCE
