// From a parsed expression to a checked one: names become elements of the model, functions become
// rows of the table, types and cardinalities are derived.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/work.h"
#include "fhirpath/ast.h"
#include "fhirpath/bound.h"

namespace kiln::fhirpath {

/// How much is checked when an expression is bound.
enum class Strictness : uint8_t {
  kLenient,  ///< an unknown element is empty, types are checked as values come (kiln fhirpath)
  kView,     ///< an unknown element or a type that cannot fit is an error (views, kiln check)
  kStrict,   ///< also an element of a primitive, an order where there is none (--strict)
};

/// A constant that expressions can name: %name. `type` is a FHIR primitive.
struct Constant {
  fhir::TypeId type;
  std::string text;  ///< its value as in JSON, strings without quotes
};
using Constants = std::map<std::string, Constant, std::less<>>;

struct BindContext {
  const fhir::Model& model;
  Strictness strictness = Strictness::kView;
  const Constants* constants = nullptr;
  /// Type of %resource.
  fhir::TypeId resource = fhir::kNoType;
  /// %rowIndex may be used (in views).
  bool row_index = false;
  /// An unknown element is only a warning: the path of a repeat need not fit all that it is tried
  /// on.
  bool warn_of_unknown = false;
  /// Counts what binding does; null: nobody does.
  base::Work* work = nullptr;
};

/// Something suspicious that is not an error.
struct Warning {
  Span span;
  std::string message;
};

struct BoundExpression {
  std::unique_ptr<Bound> tree;
  std::vector<Warning> warnings;
};

/// Binds `ast`, which was parsed from `text`, for items of type `focus` as $this.
base::Result<BoundExpression> bind_expression(const Ast& ast, std::string_view text,
                                              const BindContext& context, const ExprType& focus);

/// The error of work that was refused while the part of `text` at `span` was compiled.
base::Error refused_error(const base::Work& work, std::string_view text, Span span);

}  // namespace kiln::fhirpath
