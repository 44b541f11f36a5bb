// A checked expression: names resolved, types and cardinalities known, ready to be compiled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fhirpath/function.h"
#include "fhirpath/literal.h"
#include "fhirpath/token.h"

namespace kiln::fhirpath {

/// What an expression may yield.
struct ExprType {
  std::vector<fhir::TypeId> types;  ///< any of these; empty with !open: always empty
  bool open = false;                ///< could be anything (contained resources, children())
  bool single = true;               ///< at most one item
  bool ordered = true;

  static ExprType of(fhir::TypeId type, bool single_item = true) {
    return {{type}, false, single_item, true};
  }
  static ExprType anything(bool single_item = false) { return {{}, true, single_item, true}; }
  bool is_empty() const { return types.empty() && !open; }
};

enum class BoundKind : uint8_t {
  kConstant,  ///< constant
  kThis,
  kIndex,
  kTotal,
  kRoot,      ///< %resource, %context
  kRowIndex,  ///< %rowIndex
  kChild,     ///< element of the input
  kFunction,  ///< a row of the function table, operators included
};

struct Bound {
  BoundKind kind;
  Span span;
  ExprType type;
  std::unique_ptr<Bound> input;  ///< null: $this
  ExprType input_type;           ///< of the input, be it $this
  std::vector<std::unique_ptr<Bound>> arguments;
  const FunctionRow* function = nullptr;
  fhir::NameId element = fhir::kNoName;
  Literal constant;         ///< kConstant
  NamedType named;          ///< the type that is, as or ofType name
  bool descending = false;  ///< a key of sort() with a minus sign
  /// kChild: a value that is missing or null still counts if it has extensions. Cleared by the
  /// demand analysis where nobody can tell the difference.
  bool siblings = true;
};

/// The position that a constant index names: of first(), [2]; nothing for anything else.
std::optional<uint32_t> constant_position(const Bound& call);

/// The rows of the element that a kChild names, where it is known to be of one complex type; none
/// otherwise.
std::span<const fhir::Field> known_rows(const fhir::Model& model, const Bound& child);

}  // namespace kiln::fhirpath
