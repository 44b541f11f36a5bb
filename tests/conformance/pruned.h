// An expression as the product evaluates it: bound, compiled, on a tape of what it asked for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "fhir/model.h"
#include "fhirpath/ast.h"
#include "fhirpath/program.h"
#include "json/line_parser.h"

namespace kiln::conformance {

/// An expression ready to run, and what it asked the parser for.
struct Prepared {
  std::unique_ptr<fhirpath::Ast> ast;
  fhirpath::Program program;
  std::unique_ptr<json::Shape> shape;
};

base::Result<Prepared> prepare(const std::string& text, const fhir::Model& model,
                               fhir::TypeId type);

/// The results as texts, as evaluate_plainly() gives them; one "error: ..." if it fails.
std::vector<std::string> evaluate(const Prepared& prepared, const fhir::Model& model,
                                  fhir::TypeId type, const json::Tape& tape);

/// All nodes of a tape, for comparing tapes.
std::string describe(const json::Tape& tape);

}  // namespace kiln::conformance
