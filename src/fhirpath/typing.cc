#include "fhirpath/typing.h"

#include <algorithm>

#include "fhirpath/binder.h"

namespace kiln::fhirpath {
namespace {

using fhir::TypeId;

bool is_number(TypeId type) {
  return type == fhir::kSystemInteger || type == fhir::kSystemLong || type == fhir::kSystemDecimal;
}
bool is_date(TypeId type) { return type == fhir::kSystemDate || type == fhir::kSystemDateTime; }

/// The result of one pair of System types; kNoType if they do not go together.
TypeId arithmetic_pair(std::string_view op, TypeId a, TypeId b) {
  const bool quantity = a == fhir::kSystemQuantity || b == fhir::kSystemQuantity;
  if (is_number(a) && is_number(b)) {
    if (op == "/") return fhir::kSystemDecimal;
    return std::max(a, b);  // Integer < Long < Decimal by id
  }
  if (op == "+" && a == fhir::kSystemString && b == fhir::kSystemString) return a;
  if (op == "+" || op == "-") {
    if (is_temporal(a) && b == fhir::kSystemQuantity) return a;
  }
  const bool amounts =
      (is_number(a) || a == fhir::kSystemQuantity) && (is_number(b) || b == fhir::kSystemQuantity);
  return amounts && quantity ? fhir::kSystemQuantity : fhir::kNoType;
}

enum class Class : uint8_t { kBoolean, kString, kNumber, kDate, kTime, kQuantity, kOther };
Class class_of(TypeId type) {
  if (type == fhir::kSystemBoolean) return Class::kBoolean;
  if (type == fhir::kSystemString) return Class::kString;
  if (is_number(type)) return Class::kNumber;
  if (is_date(type)) return Class::kDate;
  if (type == fhir::kSystemTime) return Class::kTime;
  if (type == fhir::kSystemQuantity) return Class::kQuantity;
  return Class::kOther;
}

/// A number is converted to a Quantity of unit '1' where it meets one (FHIRPath §5.5).
bool are_amounts(Class a, Class b) {
  return (a == Class::kNumber && b == Class::kQuantity) ||
         (a == Class::kQuantity && b == Class::kNumber);
}

template <typename Test>
bool any_pair(const fhir::Model& model, const ExprType& left, const ExprType& right, Test test) {
  if (left.open || right.open || left.types.empty() || right.types.empty()) return true;
  for (const TypeId a : left.types) {
    for (const TypeId b : right.types) {
      if (test(class_of(system_type_of(model, a)), class_of(system_type_of(model, b)), a, b)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

std::optional<fhir::Temporal> parse_temporal(TypeId system, std::string_view text) {
  switch (system) {
    case fhir::kSystemDate:
      return fhir::Temporal::parse_date(text);
    case fhir::kSystemDateTime:
      return fhir::Temporal::parse_date_time(text);
    case fhir::kSystemTime:
      return fhir::Temporal::parse_time(text);
    default:
      return std::nullopt;
  }
}

bool may_be(const fhir::Model& model, const ExprType& type, Expect expect) {
  if (expect == Expect::kAnything || type.open || type.types.empty()) return true;
  return std::any_of(type.types.begin(), type.types.end(), [&](TypeId candidate) {
    const TypeId system = system_type_of(model, candidate);
    switch (expect) {
      case Expect::kBoolean:
        return system == fhir::kSystemBoolean;
      case Expect::kString:
        return system == fhir::kSystemString;
      case Expect::kInteger:
        return system == fhir::kSystemInteger || system == fhir::kSystemLong;
      case Expect::kNumber:
        return is_number(system);
      case Expect::kAmount:
        return is_number(system) || system == fhir::kSystemQuantity;
      case Expect::kBounded:
        return is_number(system) || system == fhir::kSystemQuantity || is_temporal(system);
      case Expect::kTemporal:
        return is_temporal(system);
      case Expect::kReference:
        return system == fhir::kSystemString || candidate == model.find_type("Reference");
      case Expect::kAnything:
        break;
    }
    return true;
  });
}

std::string_view describe(Expect expect) {
  switch (expect) {
    case Expect::kBoolean:
      return "a Boolean";
    case Expect::kString:
      return "a String";
    case Expect::kInteger:
      return "an Integer";
    case Expect::kNumber:
      return "a number";
    case Expect::kAmount:
      return "a number or a Quantity";
    case Expect::kBounded:
      return "a number, a Quantity, a date or a time";
    case Expect::kTemporal:
      return "a date or a time";
    case Expect::kReference:
      return "a Reference";
    case Expect::kAnything:
      break;
  }
  return "anything";
}

std::optional<ExprType> arithmetic_type(const fhir::Model& model, const FunctionRow& row,
                                        const ExprType& left, const ExprType& right) {
  if (left.open || right.open || left.types.empty() || right.types.empty()) {
    return ExprType::anything(true);
  }
  ExprType result;
  for (const TypeId a : left.types) {
    for (const TypeId b : right.types) {
      const TypeId type =
          arithmetic_pair(row.name, system_type_of(model, a), system_type_of(model, b));
      if (type != fhir::kNoType) add_types(result, ExprType::of(type));
    }
  }
  if (result.types.empty()) return std::nullopt;
  return result;
}

bool may_be_ordered(const fhir::Model& model, const ExprType& left, const ExprType& right) {
  return any_pair(model, left, right, [](Class a, Class b, TypeId, TypeId) {
    return (a == b && a != Class::kOther && a != Class::kBoolean) || are_amounts(a, b);
  });
}

bool may_be_equal(const fhir::Model& model, const ExprType& left, const ExprType& right) {
  return any_pair(model, left, right,
                  [](Class a, Class b, TypeId, TypeId) { return a == b || are_amounts(a, b); });
}

bool is_number_with_quantity(const fhir::Model& model, const ExprType& left,
                             const ExprType& right) {
  return !any_pair(model, left, right,
                   [](Class a, Class b, TypeId, TypeId) { return !are_amounts(a, b); });
}

void add_types(ExprType& type, const ExprType& more) {
  for (const TypeId candidate : more.types) {
    if (std::find(type.types.begin(), type.types.end(), candidate) == type.types.end()) {
      type.types.push_back(candidate);
    }
  }
  type.open |= more.open;
}

bool is_named_type(const fhir::Model& model, TypeId type, TypeId wanted) {
  if (wanted == fhir::kNoType || type < fhir::kFirstFhirType) return false;
  return type == wanted ||
         (model.kind(type) != fhir::TypeKind::kPrimitive && model.is_subtype(type, wanted));
}

ExprType narrowed(const fhir::Model& model, const ExprType& type, TypeId fhir_type,
                  TypeId system_type) {
  ExprType result;
  result.single = type.single;
  result.ordered = type.ordered;
  const auto keep = [&](TypeId candidate) { add_types(result, ExprType::of(candidate)); };
  if (type.open) {
    if (fhir_type != fhir::kNoType) {
      keep(fhir_type);
      // A resource type that is abstract says little about what is below it.
      result.open = model.is_abstract(fhir_type);
    }
    if (system_type != fhir::kNoType) keep(system_type);
    return result;
  }
  for (const TypeId candidate : type.types) {
    if (candidate < fhir::kFirstFhirType) {
      if (candidate == system_type || system_type == fhir::kSystemAny) keep(candidate);
    } else if (fhir_type == fhir::kNoType) {
      continue;
    } else if (is_named_type(model, candidate, fhir_type)) {
      keep(candidate);
    } else if (model.kind(candidate) != fhir::TypeKind::kPrimitive &&
               model.is_subtype(fhir_type, candidate)) {
      keep(fhir_type);
    }
  }
  return result;
}

}  // namespace kiln::fhirpath
