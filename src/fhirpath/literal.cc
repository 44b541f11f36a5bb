#include "fhirpath/literal.h"

#include "base/number.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

std::optional<Literal> integer_literal(fhir::TypeId system, std::string_view text) {
  const auto integer = base::whole_number<int64_t>(text);
  const bool is_long = system == fhir::kSystemLong;
  if (integer && (is_long || (*integer >= INT32_MIN && *integer <= INT32_MAX))) {
    return Literal{system, *integer};
  }
  const bool whole = text.find_first_not_of("-0123456789") == std::string_view::npos;
  return whole && !is_long ? literal_of(fhir::kSystemDecimal, text) : std::nullopt;
}

Item item_of(const Literal& literal, base::Arena& storage) {
  struct Maker {
    fhir::TypeId type;
    base::Arena& storage;

    Item operator()(std::monostate) const { return {}; }
    Item operator()(bool value) const { return Item::of_boolean(value); }
    Item operator()(int64_t value) const { return Item::of_integer(value, type); }
    Item operator()(const fhir::Decimal& value) const {
      return Item::of_decimal(storage.make<fhir::Decimal>(value));
    }
    Item operator()(const std::string& value) const { return Item::of_string(storage.copy(value)); }
    Item operator()(const fhir::Temporal& value) const {
      return Item::of_temporal(storage.make<fhir::Temporal>(value));
    }
    Item operator()(const QuantityLiteral& quantity) const {
      return Item::of_quantity(storage.make<Quantity>(
          Quantity{quantity.value, storage.copy(quantity.unit), quantity.calendar}));
    }
  };
  return std::visit(Maker{literal.type, storage}, literal.value);
}

}  // namespace

std::optional<Literal> literal_of(fhir::TypeId system, std::string_view text) {
  switch (system) {
    case fhir::kSystemBoolean:
      if (text != "true" && text != "false") return std::nullopt;
      return Literal{system, text == "true"};
    case fhir::kSystemInteger:
    case fhir::kSystemLong:
      return integer_literal(system, text);
    case fhir::kSystemDecimal: {
      const auto decimal = fhir::Decimal::parse(text);
      return decimal ? std::optional(Literal{system, *decimal}) : std::nullopt;
    }
    default:
      break;
  }
  if (!is_temporal(system)) return Literal{system, std::string(text)};
  const auto temporal = parse_temporal(system, text);
  return temporal ? std::optional(Literal{system, *temporal}) : std::nullopt;
}

std::optional<Literal> quantity_literal(std::string_view number, std::string_view unit,
                                        bool calendar) {
  const auto value = fhir::Decimal::parse(number);
  if (!value) return std::nullopt;
  return Literal{fhir::kSystemQuantity, QuantityLiteral{*value, std::string(unit), calendar}};
}

Collection items_of(const Literal& literal, base::Arena& storage) {
  if (std::holds_alternative<std::monostate>(literal.value)) return {};
  return {storage.make<Item>(item_of(literal, storage)), 1};
}

}  // namespace kiln::fhirpath
