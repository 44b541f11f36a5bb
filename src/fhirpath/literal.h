// Constants of an expression, as the bound tree has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "fhirpath/item.h"

namespace kiln::fhirpath {

/// A System.Quantity.
struct QuantityLiteral {
  fhir::Decimal value;
  std::string unit;
  bool calendar = false;
};

/// A System value; without one it is the empty collection. A value type.
struct Literal {
  fhir::TypeId type = fhir::kNoType;
  std::variant<std::monostate, bool, int64_t, fhir::Decimal, std::string, fhir::Temporal,
               QuantityLiteral>
      value;

  /// If that is what it is; else null.
  const int64_t* integer() const { return std::get_if<int64_t>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }
};

/// A value of a System type from its text; nothing if it is none. An Integer that is too large is a
/// Decimal without a point.
std::optional<Literal> literal_of(fhir::TypeId system, std::string_view text);
/// A Quantity from its number's text.
std::optional<Literal> quantity_literal(std::string_view number, std::string_view unit,
                                        bool calendar);

/// The literal as items that live in `storage`.
Collection items_of(const Literal& literal, base::Arena& storage);

}  // namespace kiln::fhirpath
