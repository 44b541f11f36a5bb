// Equality, equivalence and order of items (FHIRPath §6.1, §6.2). All of it counts its work; once
// the evaluation has failed, what comes out means nothing.
#pragma once

#include <optional>

#include "fhir/ucum.h"
#include "fhirpath/context.h"

namespace kiln::fhirpath {

/// Nothing stands for the empty collection: the two cannot be told apart or ordered.
std::optional<bool> equal_items(Context& context, const Item& a, const Item& b);
std::optional<bool> equal_collections(Context& context, const Collection& a, const Collection& b);
[[nodiscard]] bool equivalent_items(Context& context, const Item& a, const Item& b);
[[nodiscard]] bool equivalent_collections(Context& context, const Collection& a,
                                          const Collection& b);

/// A number as a Decimal; nothing for any other value.
std::optional<fhir::Decimal> decimal_of(const Item& value);

/// How two values are ordered.
struct Order {
  enum class Kind : uint8_t {
    kOrdered,
    kUnknown,       ///< empty: precision or units do not allow it
    kIncomparable,  ///< an error: a string and a number
  };
  Kind kind;
  int sign = 0;  ///< -1, 0, 1
};
Order order_items(Context& context, const Item& a, const Item& b);

/// True if the collection has an item equal to this one.
[[nodiscard]] bool contains_item(Context& context, const Collection& collection, const Item& item);

/// The item as a System.Quantity: one itself, or an element of type Quantity; nothing otherwise.
std::optional<Quantity> quantity_of(Context& context, const Item& item);
/// The same, or a number as a Quantity of unit '1', which it is converted to (FHIRPath §5.5).
std::optional<Quantity> amount_of(Context& context, const Item& item);
/// Nothing if the unit is not understood.
std::optional<fhir::Unit> unit_of(const Quantity& quantity);
/// Both amounts in a common unit; nothing if their units differ in kind. Exact.
struct CommonAmounts {
  fhir::Decimal a;
  fhir::Decimal b;
};
std::optional<CommonAmounts> common_amounts(const Quantity& a, const Quantity& b);
/// The amount in another unit, rounded once if need be; nothing if the units differ in kind.
std::optional<fhir::Decimal> converted_amount(const Quantity& quantity, const Quantity& like);

/// The item's value as text, as toString() gives it; nothing for complex elements.
std::optional<std::string> text_of_item(Context& context, const Item& item);
/// A value as JSON: a primitive's literal, a complex element as written.
std::string json_of_item(Context& context, const Item& item);
std::string text_of_quantity(const Quantity& quantity);

}  // namespace kiln::fhirpath
