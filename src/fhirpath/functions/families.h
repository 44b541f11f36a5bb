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

// Parts of rows that many families use.
inline constexpr Argument kAnyValue = {Pass::kValue, Expect::kAnything};
inline constexpr Argument kStringValue = {Pass::kValue, Expect::kString};
inline constexpr Argument kIntegerValue = {Pass::kValue, Expect::kInteger};
inline constexpr Argument kLambda = {Pass::kLambda, Expect::kAnything};
inline constexpr Argument kTypeName = {Pass::kType, Expect::kAnything};

}  // namespace kiln::fhirpath
