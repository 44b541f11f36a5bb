// A raw text that a line must hold to yield a row, read off a view's bound expressions.
#pragma once

#include <string>
#include <vector>

#include "fhirpath/bound.h"

namespace kiln::view {

/// Texts that all stand in a resource's JSON if `bound` is not empty there.
std::vector<std::string> texts_if_present(const fhirpath::Bound& bound, const fhir::Model& model);
/// The same if `bound` is true.
std::vector<std::string> texts_if_true(const fhirpath::Bound& bound, const fhir::Model& model);

/// The one that is likely to be the rarest: a value before a key, then the longest; "" of none.
std::string best_needle(const std::vector<std::string>& texts);

}  // namespace kiln::view
