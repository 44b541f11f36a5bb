// From a bound expression to a program.
#pragma once

#include "fhirpath/bound.h"

namespace kiln::fhirpath {

/// Appends the instructions for `bound` to `program` and makes them its root. Runs of elements,
/// first(), constant positions and ofType() become single path instructions.
void compile(const Bound& bound, const fhir::Model& model, Program& program);

}  // namespace kiln::fhirpath
