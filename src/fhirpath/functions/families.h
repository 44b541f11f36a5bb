// One function a family file, giving its rows.
#pragma once

#include <span>

#include "fhirpath/function.h"

namespace kiln::fhirpath {

std::span<const FunctionRow> existence_functions();
std::span<const FunctionRow> filtering_functions();
std::span<const FunctionRow> subsetting_functions();
std::span<const FunctionRow> combining_functions();
std::span<const FunctionRow> conversion_functions();
std::span<const FunctionRow> string_functions();
std::span<const FunctionRow> math_functions();
std::span<const FunctionRow> tree_functions();
std::span<const FunctionRow> temporal_functions();
std::span<const FunctionRow> boundary_functions();
std::span<const FunctionRow> type_functions();
std::span<const FunctionRow> utility_functions();
std::span<const FunctionRow> fhir_functions();
std::span<const FunctionRow> sql_functions();

std::span<const FunctionRow> comparison_operators();
std::span<const FunctionRow> boolean_operators();
std::span<const FunctionRow> arithmetic_operators();
std::span<const FunctionRow> collection_operators();
std::span<const FunctionRow> subsetting_operators();

// Parts of rows that many families use.
inline constexpr Argument kAnyValue = {Pass::kValue, Expect::kAnything};
inline constexpr Argument kStringValue = {Pass::kValue, Expect::kString};
inline constexpr Argument kIntegerValue = {Pass::kValue, Expect::kInteger};
inline constexpr Argument kLambda = {Pass::kLambda, Expect::kAnything};
inline constexpr Argument kTypeName = {Pass::kType, Expect::kAnything};

/// Between `least` and `most` arguments, the last one named standing for all further ones.
template <typename... More>
constexpr Arguments between(uint8_t least, uint8_t most, const Argument& first,
                            const More&... more) {
  const Argument named[] = {first, more...};
  Arguments arguments{least, most};
  for (size_t i = 0; i < arguments.each.size(); ++i) {
    arguments.each[i] = named[i < sizeof...(more) ? i : sizeof...(more)];
  }
  return arguments;
}

/// These arguments, and no other.
template <typename... More>
constexpr Arguments exactly(const Argument& first, const More&... more) {
  constexpr auto kCount = static_cast<uint8_t>(1 + sizeof...(more));
  return between(kCount, kCount, first, more...);
}

}  // namespace kiln::fhirpath
