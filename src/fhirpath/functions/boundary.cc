// lowBoundary(), highBoundary() and precision() (SQL on FHIR; FHIRPath after 2.0), comparable().
#include "fhir/ucum.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using fhir::Decimal;
using Single = Evaluation::Single;

constexpr int kMostDecimalDigits = 31;
constexpr int kDefaultDecimalDigits = 8;

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
bool run_boundary(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  const Single state = evaluation.single(instruction, input);
  if (state == Single::kFailed) return false;
  int64_t digits = -1;
  bool has_digits = false;
  if (evaluation.has_argument(instruction, 0)) {
    Collection argument;
    if (!evaluation.argument(instruction, 0, argument)) return false;
    const Single given = evaluation.single_integer(instruction, argument, digits);
    if (given == Single::kFailed) return false;
    has_digits = given == Single::kOne;
    if (digits > 1000 || digits < -1000) digits = 1000;
  }
  if (state == Single::kNone) return Evaluation::give_nothing(out);
  const int decimal_digits = has_digits ? static_cast<int>(digits) : kDefaultDecimalDigits;
  if (const auto quantity = quantity_of(evaluation, input[0])) {
    const auto value = decimal_boundary(quantity->value, kLow, decimal_digits);
    if (!value) return Evaluation::give_nothing(out);
    return evaluation.give_quantity(out, {*value, quantity->unit, quantity->calendar});
  }
  Item value;
  if (!evaluation.value_of(input[0], value)) return Evaluation::give_nothing(out);
  switch (value.kind) {
    case ItemKind::kInteger:
      return evaluation.give_decimal(
          out, decimal_boundary(Decimal(value.integer), kLow, decimal_digits));
    case ItemKind::kDecimal:
      return evaluation.give_decimal(out, decimal_boundary(*value.decimal, kLow, decimal_digits));
    case ItemKind::kTemporal: {
      int wanted = static_cast<int>(digits);
      if (!has_digits) {
        wanted = value.temporal->kind == fhir::TemporalKind::kDate   ? 8
                 : value.temporal->kind == fhir::TemporalKind::kTime ? 9
                                                                     : 17;
      }
      return evaluation.give_temporal(out, value.temporal->boundary(kLow, wanted));
    }
    default:
      return evaluation.fail(instruction,
                             "has no boundaries: " + std::string(evaluation.type_info(value).name));
  }
}

bool run_precision(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  Item value;
  switch (evaluation.single_value(instruction, input, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  switch (value.kind) {
    case ItemKind::kInteger:
      return evaluation.give_integer(out, 0);
    case ItemKind::kDecimal:
      return evaluation.give_integer(out, value.decimal->scale());
    case ItemKind::kTemporal:
      return evaluation.give_integer(out, value.temporal->digits());
    default:
      return evaluation.fail(instruction,
                             "has no precision: " + std::string(evaluation.type_info(value).name));
  }
}

/// comparable(quantity): whether the units are of one kind.
bool run_comparable(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  const Single left = evaluation.single(instruction, input);
  const Single right = evaluation.single(instruction, other);
  if (left == Single::kFailed || right == Single::kFailed) return false;
  if (left == Single::kNone || right == Single::kNone) return Evaluation::give_nothing(out);
  const auto a = quantity_of(evaluation, input[0]);
  const auto b = quantity_of(evaluation, other[0]);
  if (!a || !b) return evaluation.fail(instruction, "expected Quantities");
  return evaluation.give_boolean(out, common_amounts(*a, *b).has_value());
}

constexpr FunctionRow boundary(std::string_view name, Kernel kernel) {
  return {name,  0, 1, {kIntegerValue}, Expect::kBounded, Returns::kInputNumber, Reads::kEquality,
          kernel};
}

constexpr FunctionRow kBoundaryFunctions[] = {
    boundary("lowBoundary", run_boundary<true>),
    boundary("highBoundary", run_boundary<false>),
    {"precision", 0, 0, {}, Expect::kBounded, Returns::kInteger, Reads::kValue, run_precision},
    {"comparable",
     1,
     1,
     {kAnyValue},
     Expect::kAmount,
     Returns::kBoolean,
     Reads::kEquality,
     run_comparable},
};

}  // namespace

std::span<const FunctionRow> boundary_functions() { return kBoundaryFunctions; }

}  // namespace kiln::fhirpath
