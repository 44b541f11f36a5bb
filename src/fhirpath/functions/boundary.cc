// lowBoundary(), highBoundary() and precision() (SQL on FHIR; FHIRPath after 2.0), comparable().
#include "fhir/ucum.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using fhir::Decimal;
constexpr int kMostDecimalDigits = 31;
constexpr int kDefaultDecimalDigits = 8;
constexpr int kMostDigits = 1000;  ///< beyond, none of what has boundaries goes

/// Half a unit of the last digit written below or above, cut to `digits`: down for the low one, up
/// for the high one.
std::optional<Decimal> decimal_boundary(const Decimal& value, bool low, int digits) {
  if (digits < 0 || digits > kMostDecimalDigits) return std::nullopt;
  const Decimal half = Decimal::from_unscaled(5, value.scale() + 1);
  const auto exact = low ? Decimal::subtract(value, half) : Decimal::add(value, half);
  if (!exact || digits >= exact->scale()) return exact ? exact->truncated(digits) : exact;
  const auto cut = exact->truncated(digits);
  if (*cut == *exact) return cut;
  const Decimal unit = Decimal::from_unscaled(1, digits);
  if (low && exact->is_negative()) return Decimal::subtract(*cut, unit);
  if (!low && !exact->is_negative()) return Decimal::add(*cut, unit);
  return cut;
}

template <bool kLow>
bool run_boundary(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> item = context.input_item(instruction);
  One<int64_t> given;
  if (context.has_argument(instruction, 0)) given = context.argument_integer(instruction, 0);
  if (!item || given.failed()) return none(out, item, given);
  const bool in_range = !given || (*given >= -kMostDigits && *given <= kMostDigits);
  const int digits = in_range ? static_cast<int>(given.value_or(-1)) : kMostDigits;
  const int decimal_digits = given ? digits : kDefaultDecimalDigits;
  if (const auto quantity = quantity_of(context, *item)) {
    const auto value = decimal_boundary(quantity->value, kLow, decimal_digits);
    if (!value) return Context::give_nothing(out);
    return context.give_quantity(out, {*value, quantity->unit, quantity->calendar});
  }
  Item value;
  if (!context.value_of(*item, value)) return Context::give_nothing(out);
  switch (value.kind) {
    case ItemKind::kInteger:
      return context.give_decimal(out,
                                  decimal_boundary(Decimal(value.integer), kLow, decimal_digits));
    case ItemKind::kDecimal:
      return context.give_decimal(out, decimal_boundary(*value.decimal, kLow, decimal_digits));
    case ItemKind::kTemporal: {
      int wanted = digits;
      if (!given) {
        wanted = value.temporal->kind == fhir::TemporalKind::kDate   ? 8
                 : value.temporal->kind == fhir::TemporalKind::kTime ? 9
                                                                     : 17;
      }
      return context.give_temporal(out, value.temporal->boundary(kLow, wanted));
    }
    default:
      return context.fail(instruction,
                          "has no boundaries: " + std::string(context.type_info(value).name));
  }
}

bool run_precision(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = context.input_value(instruction);
  if (!value) return none(out, value);
  switch (value->kind) {
    case ItemKind::kInteger:
      return context.give_integer(out, 0);
    case ItemKind::kDecimal:
      return context.give_integer(out, value->decimal->scale());
    case ItemKind::kTemporal:
      return context.give_integer(out, value->temporal->digits());
    default:
      return context.fail(instruction,
                          "has no precision: " + std::string(context.type_info(*value).name));
  }
}

/// comparable(quantity): whether the units are of one kind.
bool run_comparable(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  const One<Item> left = context.single(instruction, input);
  const One<Item> right = context.single(instruction, other);
  if (!left || !right) return none(out, left, right);
  const auto a = quantity_of(context, *left);
  const auto b = quantity_of(context, *right);
  if (!a || !b) return context.fail(instruction, "expected Quantities");
  return context.give_boolean(out, common_amounts(*a, *b).has_value());
}

constexpr FunctionRow boundary(std::string_view name, Kernel kernel) {
  return {.name = name,
          .arguments = between(0, 1, kIntegerValue),
          .input = Expect::kBounded,
          .returns = Returns::kBoundary,
          .reads = Reads::kEquality,
          .kernel = kernel};
}

constexpr FunctionRow kBoundaryFunctions[] = {
    boundary("lowBoundary", run_boundary<true>),
    boundary("highBoundary", run_boundary<false>),
    {.name = "precision",
     .input = Expect::kBounded,
     .returns = Returns::kInteger,
     .reads = Reads::kValue,
     .kernel = run_precision},
    {.name = "comparable",
     .arguments = exactly(kAnyValue),
     .input = Expect::kAmount,
     .returns = Returns::kBoolean,
     .reads = Reads::kEquality,
     .kernel = run_comparable},
};

}  // namespace

std::span<const FunctionRow> boundary_functions() { return kBoundaryFunctions; }

}  // namespace kiln::fhirpath
