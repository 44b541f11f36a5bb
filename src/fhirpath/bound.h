// A checked expression: names resolved, types and cardinalities known, ready to be compiled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fhirpath/function.h"
#include "fhirpath/program.h"

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
  kConstant,  ///< items
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
  Collection items;  ///< kConstant: in the storage of the program to be
  /// The type that is, as or ofType name: as a FHIR type and as a System type, kNoType if none.
  fhir::TypeId fhir_type = fhir::kNoType;
  fhir::TypeId system_type = fhir::kNoType;
  bool descending = false;  ///< a key of sort() with a minus sign
  /// kChild: a value that is missing or null still counts if it has extensions. Cleared by the
  /// demand analysis where nobody can tell the difference.
  bool siblings = true;
};

}  // namespace kiln::fhirpath
