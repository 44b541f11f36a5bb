// Which types go together and what comes out. Rules are over System types: an element's type is
// first taken for the System type that its value has. A type that could be anything goes with
// everything, and of several types one pair that fits is enough: only what can never work is told.
#include "fhirpath/typing.h"

#include <algorithm>

#include "fhir/element_names.h"
#include "fhirpath/binder.h"

namespace kiln::fhirpath {
namespace {

using fhir::TypeId;

bool is_number(TypeId type) {
  return type == fhir::kSystemInteger || type == fhir::kSystemLong || type == fhir::kSystemDecimal;
}
bool is_date(TypeId type) { return type == fhir::kSystemDate || type == fhir::kSystemDateTime; }

/// The result of one pair of System types; kNoType if they do not go together.
TypeId arithmetic_pair(Returns returns, TypeId a, TypeId b) {
  const bool quantity = a == fhir::kSystemQuantity || b == fhir::kSystemQuantity;
  if (is_number(a) && is_number(b)) {
    if (returns == Returns::kQuotient) return fhir::kSystemDecimal;
    return std::max(a, b);  // Integer < Long < Decimal by id
  }
  const bool sum = returns == Returns::kSum;
  if (sum && a == fhir::kSystemString && b == fhir::kSystemString) return a;
  if (sum || returns == Returns::kDifference) {
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

/// Of `left op right`; nothing if no pair of types fits.
std::optional<ExprType> arithmetic_type(const fhir::Model& model, Returns returns,
                                        const ExprType& left, const ExprType& right) {
  if (left.open || right.open || left.types.empty() || right.types.empty()) {
    return ExprType::anything(true);
  }
  ExprType result;
  for (const TypeId a : left.types) {
    for (const TypeId b : right.types) {
      const TypeId type =
          arithmetic_pair(returns, system_type_of(model, a), system_type_of(model, b));
      if (type != fhir::kNoType) add_types(result, ExprType::of(type));
    }
  }
  if (result.types.empty()) return std::nullopt;
  return result;
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

TypeId system_type_of(const fhir::Model& model, TypeId type) {
  if (type < fhir::kFirstFhirType) return type;
  const TypeId system = model.system_type(type);
  if (system != fhir::kNoType) return system;
  static constexpr std::string_view kQuantity = "Quantity";
  const TypeId quantity = model.find_type(kQuantity);
  return model.is_subtype(type, quantity) ? fhir::kSystemQuantity : type;
}

std::string describe(const fhir::Model& model, const ExprType& type) {
  if (type.types.empty()) return type.open ? "any type" : "nothing";
  static constexpr size_t kMostNamed = 4;
  std::string text;
  for (size_t i = 0; i < type.types.size() && i < kMostNamed; ++i) {
    if (i != 0) text += i + 1 == type.types.size() ? " or " : ", ";
    text += model.name(type.types[i]);
  }
  if (type.types.size() > kMostNamed) text += " ...";
  return text;
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
  return type == wanted || (model.is_complex(type) && model.is_subtype(type, wanted));
}

NamedType find_named_type(const fhir::Model& model, std::string_view name) {
  static constexpr std::string_view kSystem = "System.";
  static constexpr std::string_view kFhir = "FHIR.";
  if (name.starts_with(kSystem))
    return {.system = model.find_system_type(name.substr(kSystem.size()))};
  if (name.starts_with(kFhir)) return {.fhir = model.find_type(name.substr(kFhir.size()))};
  return {model.find_type(name), model.find_system_type(name)};
}

ExprType narrowed(const fhir::Model& model, const ExprType& type, const NamedType& named) {
  ExprType result;
  result.single = type.single;
  result.ordered = type.ordered;
  const auto keep = [&](TypeId candidate) { add_types(result, ExprType::of(candidate)); };
  if (type.open) {
    if (named.fhir != fhir::kNoType) {
      keep(named.fhir);
      // A resource type that is abstract says little about what is below it.
      result.open = model.is_abstract(named.fhir);
    }
    if (named.system != fhir::kNoType) keep(named.system);
    return result;
  }
  for (const TypeId candidate : type.types) {
    if (candidate < fhir::kFirstFhirType) {
      if (candidate == named.system || named.system == fhir::kSystemAny) keep(candidate);
    } else if (named.fhir == fhir::kNoType) {
      continue;
    } else if (is_named_type(model, candidate, named.fhir)) {
      keep(candidate);
    } else if (model.is_complex(candidate) && model.is_subtype(named.fhir, candidate)) {
      keep(named.fhir);
    }
  }
  return result;
}

ExprType element_type(const fhir::Model& model, const ExprType& of, fhir::NameId element) {
  ExprType type;
  type.single = of.single && !of.open;
  type.ordered = of.ordered;
  type.open = of.open;
  for (const TypeId candidate : of.types) {
    if (candidate == fhir::kSystemQuantity) {
      if (element == fhir::names::kValue) add_types(type, ExprType::of(fhir::kSystemDecimal));
      if (element == fhir::names::kUnit) add_types(type, ExprType::of(fhir::kSystemString));
    }
    for (const fhir::Field& row : model.element(candidate, element)) {
      add_types(type, ExprType::of(row.type));
      if (row.list) type.single = false;
      if (row.type >= fhir::kFirstFhirType && model.is_abstract(row.type)) type.open = true;
    }
  }
  return type;
}

std::optional<ExprType> result_type(const fhir::Model& model, const Bound& bound) {
  const FunctionRow& row = *bound.function;
  const ExprType& input = bound.input_type;
  const auto argument = [&](size_t i) -> const ExprType& { return bound.arguments[i]->type; };
  switch (row.returns) {
    case Returns::kBoolean:
      return ExprType::of(fhir::kSystemBoolean);
    case Returns::kInteger:
      return ExprType::of(fhir::kSystemInteger);
    case Returns::kLong:
      return ExprType::of(fhir::kSystemLong);
    case Returns::kDecimal:
      return ExprType::of(fhir::kSystemDecimal);
    case Returns::kString:
      return ExprType::of(fhir::kSystemString);
    case Returns::kStrings:
      return ExprType::of(fhir::kSystemString, false);
    case Returns::kStringEach:
      return ExprType::of(fhir::kSystemString, input.single);
    case Returns::kDate:
      return ExprType::of(fhir::kSystemDate);
    case Returns::kDateTime:
      return ExprType::of(fhir::kSystemDateTime);
    case Returns::kTime:
      return ExprType::of(fhir::kSystemTime);
    case Returns::kQuantity:
      return ExprType::of(fhir::kSystemQuantity);
    case Returns::kInput:
      return input;
    case Returns::kInputItem: {
      ExprType type = input;
      type.single = true;
      return type;
    }
    case Returns::kInputNumber:
    case Returns::kBoundary: {
      ExprType type;
      type.open = input.open;
      for (const TypeId t : input.types) {
        TypeId system = system_type_of(model, t);
        if (row.returns == Returns::kBoundary && system == fhir::kSystemInteger) {
          system = fhir::kSystemDecimal;
        }
        add_types(type, ExprType::of(system));
      }
      return type;
    }
    case Returns::kArgument: {
      ExprType type = argument(0);
      type.single = type.single && input.single;
      type.ordered = type.ordered && input.ordered;
      return type;
    }
    case Returns::kRepeat: {
      ExprType type = argument(0);
      type.single = false;
      return type;
    }
    case Returns::kBranches: {
      ExprType type = argument(1);
      if (bound.arguments.size() > 2) {
        add_types(type, argument(2));
        type.single = type.single && argument(2).single;
      }
      return type;
    }
    case Returns::kWithArgument: {
      ExprType type = input;
      add_types(type, argument(0));
      type.single = false;
      return type;
    }
    case Returns::kArithmetic:
    case Returns::kQuotient:
    case Returns::kSum:
    case Returns::kDifference:
      return arithmetic_type(model, row.returns, input, argument(0));
    case Returns::kExtensions:
      return ExprType::of(model.find_type("Extension"), false);
    case Returns::kChildren: {
      ExprType type = ExprType::anything();
      type.ordered = false;
      return type;
    }
    case Returns::kTypeInfo:
      return ExprType::anything(input.single);
    case Returns::kNamedType:
      return narrowed(model, input, bound.named);
    case Returns::kNamedTypeOne: {
      ExprType type = narrowed(model, input, bound.named);
      type.single = true;
      return type;
    }
    case Returns::kReference:
    case Returns::kAnything:
      break;
  }
  return ExprType::anything();
}

}  // namespace kiln::fhirpath
