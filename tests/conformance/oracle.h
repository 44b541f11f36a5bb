// A second, simple FHIRPath evaluator that walks the syntax tree over a whole document. Slow and
// plain on purpose: the compiled programs on pruned tapes have to agree with it.
#pragma once

#include <string>
#include <vector>

#include "fhir/model.h"
#include "fhirpath/ast.h"
#include "json/document.h"

namespace kiln::conformance {

/// The items of the result as texts: primitives as written, "{}" for complex elements, "-" for an
/// element without a value. Knows paths, indexers, where, select, exists, empty, not, count, first,
/// last, tail, skip, take, ofType, hasValue, extension, distinct, =, !=, and, or, |, literals.
std::vector<std::string> evaluate_plainly(const fhirpath::Ast& ast, const fhir::Model& model,
                                          fhir::TypeId type, json::Value resource);

}  // namespace kiln::conformance
