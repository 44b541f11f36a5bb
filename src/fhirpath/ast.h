// A FHIRPath expression as written: what the parser makes and the binder reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fhirpath/token.h"

namespace kiln::fhirpath {

enum class AstKind : uint8_t {
  kEmpty,     ///< {}
  kBoolean,   ///< text: true, false
  kString,    ///< text
  kInteger,   ///< text
  kLong,      ///< text
  kDecimal,   ///< text
  kDate,      ///< text as in FHIR
  kDateTime,  ///< text as in FHIR; a final T is kept
  kTime,      ///< text as in FHIR
  kQuantity,  ///< text: the number; unit: the unit as written; calendar: it is a word
  kThis,      ///< $this
  kIndex,     ///< $index
  kTotal,     ///< $total
  kExternal,  ///< %text
  kName,      ///< text: an element or type name; children: what it is taken of, if anything
  kFunction,  ///< text: its name; children: what it is called on (null: nothing), then arguments
  kIndexer,   ///< children: collection, index
  kUnary,     ///< text: + or -; children: operand
  kBinary,    ///< text: the operator; children: left, right
  kType,      ///< text: is or as; unit: the type's name; children: operand
};

struct Ast {
  AstKind kind;
  Span span;  ///< of the node's own word: the operator, the name
  std::string text;
  std::string unit;
  bool calendar = false;
  int height = 1;  ///< of the tree below, this node included
  std::vector<std::unique_ptr<Ast>> children;
};

/// Deepest tree accepted, so that walking one cannot overflow a stack.
constexpr int kMaxExpressionDepth = 300;

/// Parses a whole expression (FHIRPath 2.0 Appendix B grammar).
base::Result<std::unique_ptr<Ast>> parse_expression(std::string_view expression);

}  // namespace kiln::fhirpath
