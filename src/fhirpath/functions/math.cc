// FHIRPath §5.7 Math, and the arithmetic operators of §6.6, §6.7.
#include <algorithm>
#include <cmath>

#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using fhir::Decimal;
using Single = Evaluation::Single;

// ---- reading numbers ----

std::optional<Decimal> decimal_of(const Item& item) {
  if (item.kind == ItemKind::kInteger) return Decimal(item.integer);
  if (item.kind == ItemKind::kDecimal) return *item.decimal;
  return std::nullopt;
}

/// The input as a number or Quantity.
Single read_amount(Evaluation& evaluation, const Instruction& instruction, Item& value) {
  Collection input;
  if (!evaluation.input(instruction, input)) return Single::kFailed;
  const Single state = evaluation.single(instruction, input);
  if (state != Single::kOne) return state;
  if (!evaluation.value_of(input[0], value)) {
    const auto quantity = quantity_of(evaluation, input[0]);
    if (!quantity) return Single::kNone;
    value = Item::of_quantity(evaluation.arena().make<Quantity>(*quantity));
  }
  if (value.kind == ItemKind::kQuantity || decimal_of(value)) return Single::kOne;
  evaluation.fail(instruction,
                  "expected a number, got " + std::string(evaluation.type_info(value).name));
  return Single::kFailed;
}

bool read_decimal_argument(Evaluation& evaluation, const Instruction& instruction, Single& state,
                           Decimal& decimal) {
  Collection argument;
  if (!evaluation.argument(instruction, 0, argument)) return false;
  Item value;
  state = evaluation.single_value(instruction, argument, value);
  if (state == Single::kFailed) return false;
  if (state == Single::kNone) return true;
  const auto number = decimal_of(value);
  if (!number) return evaluation.fail(instruction, "expected a number as argument");
  decimal = *number;
  return true;
}

bool give_number(Evaluation& evaluation, const Item& like, const std::optional<Decimal>& value,
                 Collection& out) {
  if (!value) return Evaluation::give_nothing(out);
  if (like.kind == ItemKind::kQuantity) {
    return evaluation.give_quantity(out, {*value, like.quantity->unit, like.quantity->calendar});
  }
  if (like.kind == ItemKind::kInteger) {
    const auto integer = value->to_integer();
    if (!integer) return Evaluation::give_nothing(out);
    return evaluation.give(out, Item::of_integer(*integer, like.type));
  }
  return evaluation.give_decimal(out, value);
}

bool give_whole(Evaluation& evaluation, const std::optional<Decimal>& value, Collection& out) {
  const auto integer = value ? value->to_integer() : std::nullopt;
  if (!integer) return Evaluation::give_nothing(out);
  return evaluation.give_integer(out, *integer);
}

Decimal number_in(const Item& value) {
  return value.kind == ItemKind::kQuantity ? value.quantity->value : *decimal_of(value);
}

// ---- functions of one number ----

/// A kernel of a function Decimal -> optional<Decimal>; the result has the input's type.
template <auto kFunction>
bool run_same_type(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Item value;
  switch (read_amount(evaluation, instruction, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  return give_number(evaluation, value, kFunction(number_in(value)), out);
}

/// The same, the result being an Integer.
template <auto kFunction>
bool run_to_whole(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Item value;
  switch (read_amount(evaluation, instruction, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  return give_whole(evaluation, kFunction(number_in(value)), out);
}

/// The same on doubles, the result being a Decimal.
template <auto kFunction>
bool run_real(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Item value;
  switch (read_amount(evaluation, instruction, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  return evaluation.give_decimal(out,
                                 Decimal::from_double(kFunction(number_in(value).to_double())));
}

std::optional<Decimal> absolute(const Decimal& d) { return d.absolute(); }
std::optional<Decimal> negated(const Decimal& d) { return d.negated(); }
std::optional<Decimal> unchanged(const Decimal& d) { return d; }
std::optional<Decimal> ceiling(const Decimal& d) { return d.ceiling(); }
std::optional<Decimal> floor_of(const Decimal& d) { return d.floor(); }
std::optional<Decimal> truncate(const Decimal& d) { return d.truncated(0); }
double exp_of(double x) { return std::exp(x); }
double ln_of(double x) { return std::log(x); }
double sqrt_of(double x) { return std::sqrt(x); }

bool run_log(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Item value;
  const Single state = read_amount(evaluation, instruction, value);
  Decimal base;
  Single has_base = Single::kNone;
  if (state == Single::kFailed || !read_decimal_argument(evaluation, instruction, has_base, base)) {
    return false;
  }
  if (state == Single::kNone || has_base == Single::kNone) return Evaluation::give_nothing(out);
  const double result = std::log(number_in(value).to_double()) / std::log(base.to_double());
  return evaluation.give_decimal(out, Decimal::from_double(result));
}

bool run_power(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Item value;
  const Single state = read_amount(evaluation, instruction, value);
  Decimal exponent;
  Single has_exponent = Single::kNone;
  if (state == Single::kFailed ||
      !read_decimal_argument(evaluation, instruction, has_exponent, exponent)) {
    return false;
  }
  if (state == Single::kNone || has_exponent == Single::kNone) {
    return Evaluation::give_nothing(out);
  }
  const Decimal base = number_in(value);
  const auto whole = exponent.to_integer();
  if (whole) {
    const auto result = Decimal::power(base, *whole);
    if (value.kind == ItemKind::kInteger && *whole >= 0) return give_whole(evaluation, result, out);
    return evaluation.give_decimal(out, result);
  }
  const double result = std::pow(base.to_double(), exponent.to_double());
  return evaluation.give_decimal(out, Decimal::from_double(result));
}

bool run_round(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Item value;
  switch (read_amount(evaluation, instruction, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  int64_t digits = 0;
  if (evaluation.has_argument(instruction, 0)) {
    Collection argument;
    if (!evaluation.argument(instruction, 0, argument)) return false;
    if (evaluation.single_integer(instruction, argument, digits) == Single::kFailed) return false;
    if (digits < 0 || digits > Decimal::kMaxDigits) {
      return evaluation.fail(instruction, "the number of digits is negative or too large");
    }
  }
  return evaluation.give_decimal(out, number_in(value).rounded(static_cast<int>(digits)));
}

// ---- binary operators ----

struct Operands {
  Item left;
  Item right;
};

/// Both sides as values. kNone if one is empty.
Single read_operands(Evaluation& evaluation, const Instruction& instruction, Operands& operands) {
  Collection left;
  Collection right;
  if (!evaluation.input(instruction, left)) return Single::kFailed;
  if (!evaluation.argument(instruction, 0, right)) return Single::kFailed;
  const auto read = [&](const Collection& side, Item& value) {
    const Single state = evaluation.single(instruction, side);
    if (state != Single::kOne || evaluation.value_of(side[0], value)) return state;
    const auto quantity = quantity_of(evaluation, side[0]);
    if (!quantity) return Single::kNone;
    value = Item::of_quantity(evaluation.arena().make<Quantity>(*quantity));
    return Single::kOne;
  };
  const Single l = read(left, operands.left);
  if (l == Single::kFailed) return l;
  const Single r = read(right, operands.right);
  if (r == Single::kFailed) return r;
  return l == Single::kNone || r == Single::kNone ? Single::kNone : Single::kOne;
}

bool fail_types(Evaluation& evaluation, const Instruction& instruction, const Operands& operands) {
  return evaluation.fail(
      instruction, "cannot be applied to " + std::string(evaluation.type_info(operands.left).name) +
                       " and " + std::string(evaluation.type_info(operands.right).name));
}

/// Number and number: Integers stay Integers, a Decimal makes a Decimal.
bool give_result(Evaluation& evaluation, const Operands& operands,
                 const std::optional<Decimal>& value, Collection& out) {
  const bool whole =
      operands.left.kind == ItemKind::kInteger && operands.right.kind == ItemKind::kInteger;
  if (!whole) return evaluation.give_decimal(out, value);
  Item like = operands.left;
  if (operands.right.type == fhir::kSystemLong) like.type = fhir::kSystemLong;
  if (value && like.type == fhir::kSystemInteger) {
    const auto integer = value->to_integer();
    if (!integer || *integer > INT32_MAX || *integer < INT32_MIN) {
      return Evaluation::give_nothing(out);  // an overflow is empty (§6.6)
    }
  }
  return give_number(evaluation, like, value, out);
}

/// Two texts in a row.
bool give_joined(Evaluation& evaluation, const Instruction& instruction, std::string_view left,
                 std::string_view right, Collection& out) {
  if (!evaluation.make_text(instruction, left.size() + right.size())) return false;
  char* const text = evaluation.arena().make_array<char>(left.size() + right.size());
  std::copy(left.begin(), left.end(), text);
  std::copy(right.begin(), right.end(), text + left.size());
  return evaluation.give(out, Item::of_string({text, left.size() + right.size()}));
}

std::optional<fhir::CalendarUnit> calendar_unit(const Quantity& quantity) {
  struct Name {
    std::string_view word;
    std::string_view code;
    fhir::CalendarUnit unit;
  };
  using fhir::CalendarUnit;
  static constexpr Name kNames[] = {
      {"year", "", CalendarUnit::kYear},      {"month", "", CalendarUnit::kMonth},
      {"week", "wk", CalendarUnit::kWeek},    {"day", "d", CalendarUnit::kDay},
      {"hour", "h", CalendarUnit::kHour},     {"minute", "min", CalendarUnit::kMinute},
      {"second", "s", CalendarUnit::kSecond}, {"millisecond", "ms", CalendarUnit::kMillisecond}};
  for (const Name& name : kNames) {
    if (quantity.calendar &&
        (quantity.unit == name.word ||
         (quantity.unit.starts_with(name.word) && quantity.unit.size() == name.word.size() + 1))) {
      return name.unit;
    }
    if (!quantity.calendar && (quantity.unit == name.word || quantity.unit == name.code)) {
      return name.unit;
    }
  }
  // UCUM's year and month, which are not calendar ones, are taken for them here: the official
  // tests have dates minus 1 'month' and refuse only units that are no time at all.
  if (quantity.unit == "a") return CalendarUnit::kYear;
  if (quantity.unit == "mo") return CalendarUnit::kMonth;
  return std::nullopt;
}

bool add_duration(Evaluation& evaluation, const Instruction& instruction, const Operands& operands,
                  bool subtract, Collection& out) {
  const Quantity& quantity = *operands.right.quantity;
  auto unit = calendar_unit(quantity);
  if (!unit)
    return evaluation.fail(instruction, "expected a duration, got " + text_of_quantity(quantity));
  // Parts of a unit are ignored above seconds; parts of a second are cut, as below.
  const auto whole = quantity.value.truncated(0)->to_integer();
  if (!whole) return Evaluation::give_nothing(out);
  return evaluation.give_temporal(out,
                                  operands.left.temporal->plus(subtract ? -*whole : *whole, *unit));
}

template <bool kSubtract>
bool run_plus_minus(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Operands operands;
  switch (read_operands(evaluation, instruction, operands)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  const Item& left = operands.left;
  const Item& right = operands.right;
  const auto combine = [](const Decimal& a, const Decimal& b) {
    return kSubtract ? Decimal::subtract(a, b) : Decimal::add(a, b);
  };
  if (!kSubtract && left.kind == ItemKind::kString && right.kind == ItemKind::kString) {
    return give_joined(evaluation, instruction, left.text(), right.text(), out);
  }
  if (left.kind == ItemKind::kTemporal && right.kind == ItemKind::kQuantity) {
    return add_duration(evaluation, instruction, operands, kSubtract, out);
  }
  if (left.kind == ItemKind::kQuantity || right.kind == ItemKind::kQuantity) {
    const auto x = amount_of(evaluation, left);
    const auto y = amount_of(evaluation, right);
    if (!x || !y) return fail_types(evaluation, instruction, operands);
    const auto in_left = converted_amount(*y, *x);
    const auto sum = in_left ? combine(x->value, *in_left) : std::nullopt;
    if (!sum) return Evaluation::give_nothing(out);
    return evaluation.give_quantity(out, {*sum, x->unit, x->calendar});
  }
  const auto a = decimal_of(left);
  const auto b = decimal_of(right);
  if (!a || !b) return fail_types(evaluation, instruction, operands);
  return give_result(evaluation, operands, combine(*a, *b), out);
}

/// Quantity times or over Quantity: in base units, but where one of the units is '1' or the two
/// cancel.
bool give_product(Evaluation& evaluation, const Operands& operands, bool divide, Collection& out) {
  const Quantity a = *amount_of(evaluation, operands.left);
  const Quantity b = *amount_of(evaluation, operands.right);
  const bool same_unit = a.unit == b.unit && a.calendar == b.calendar;
  if (b.unit == "1" || (divide ? same_unit : a.unit == "1")) {
    const auto value =
        divide ? Decimal::divide(a.value, b.value) : Decimal::multiply(a.value, b.value);
    if (!value) return Evaluation::give_nothing(out);
    if (divide && same_unit) return evaluation.give_quantity(out, {*value, "1", false});
    const Quantity& like = b.unit == "1" ? a : b;
    return evaluation.give_quantity(out, {*value, like.unit, like.calendar});
  }
  using fhir::Ratio;
  const auto x = unit_of(a);
  const auto y = unit_of(b);
  if (!x || !y) return Evaluation::give_nothing(out);
  const auto unit = divide ? fhir::Unit::divide(*x, *y) : fhir::Unit::multiply(*x, *y);
  const auto amounts = divide ? Ratio::divide(Ratio(a.value), Ratio(b.value))
                              : Ratio::multiply(Ratio(a.value), Ratio(b.value));
  const auto product = unit && amounts ? Ratio::multiply(*amounts, unit->factor) : std::nullopt;
  const auto value = product ? product->to_decimal() : std::nullopt;
  if (!value) return Evaluation::give_nothing(out);
  return evaluation.give_quantity(
      out, {value->normalized(), evaluation.arena().copy(unit->base_text()), false});
}

template <bool kDivide>
bool run_times_over(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Operands operands;
  switch (read_operands(evaluation, instruction, operands)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  const auto a = decimal_of(operands.left);
  const auto b = decimal_of(operands.right);
  const bool quantities = (a || operands.left.kind == ItemKind::kQuantity) &&
                          (b || operands.right.kind == ItemKind::kQuantity);
  if (!quantities) return fail_types(evaluation, instruction, operands);
  if (!a || !b) return give_product(evaluation, operands, kDivide, out);
  if (kDivide) return evaluation.give_decimal(out, Decimal::divide(*a, *b));
  return give_result(evaluation, operands, Decimal::multiply(*a, *b), out);
}

/// div and mod.
template <bool kRemainder>
bool run_div_mod(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Operands operands;
  switch (read_operands(evaluation, instruction, operands)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  const auto a = decimal_of(operands.left);
  const auto b = decimal_of(operands.right);
  if (!a || !b) return fail_types(evaluation, instruction, operands);
  if (kRemainder) return give_result(evaluation, operands, Decimal::remainder(*a, *b), out);
  return give_whole(evaluation, Decimal::integer_quotient(*a, *b), out);
}

/// &: an empty side is an empty text.
bool run_concatenate(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection side;
  std::string_view left;
  std::string_view right;
  if (!evaluation.input(instruction, side)) return false;
  if (evaluation.single_string(instruction, side, left) == Single::kFailed) return false;
  if (!evaluation.argument(instruction, 0, side)) return false;
  if (evaluation.single_string(instruction, side, right) == Single::kFailed) return false;
  return give_joined(evaluation, instruction, left, right, out);
}

constexpr FunctionRow of_number(std::string_view name, Returns returns, Kernel kernel) {
  return {name, 0, 0, {}, Expect::kAmount, returns, Reads::kEquality, kernel};
}
constexpr FunctionRow of_amounts(std::string_view name, Returns returns, Kernel kernel) {
  return {name, 1, 1, {kAnyValue}, Expect::kAnything, returns, Reads::kEquality, kernel};
}

constexpr Argument kNumberValue = {Pass::kValue, Expect::kNumber};

constexpr FunctionRow kMathFunctions[] = {
    of_number("abs", Returns::kInputNumber, run_same_type<absolute>),
    of_number("ceiling", Returns::kInteger, run_to_whole<ceiling>),
    of_number("floor", Returns::kInteger, run_to_whole<floor_of>),
    of_number("truncate", Returns::kInteger, run_to_whole<truncate>),
    of_number("exp", Returns::kDecimal, run_real<exp_of>),
    of_number("ln", Returns::kDecimal, run_real<ln_of>),
    of_number("sqrt", Returns::kDecimal, run_real<sqrt_of>),
    {"log", 1, 1, {kNumberValue}, Expect::kNumber, Returns::kDecimal, Reads::kValue, run_log},
    {"power",
     1,
     1,
     {kNumberValue},
     Expect::kNumber,
     Returns::kArithmetic,
     Reads::kValue,
     run_power},
    {"round", 0, 1, {kIntegerValue}, Expect::kNumber, Returns::kDecimal, Reads::kValue, run_round},
};

constexpr FunctionRow kArithmeticOperators[] = {
    of_number("-x", Returns::kInputNumber, run_same_type<negated>),
    of_number("+x", Returns::kInputNumber, run_same_type<unchanged>),
    of_amounts("+", Returns::kSum, run_plus_minus<false>),
    of_amounts("-", Returns::kSum, run_plus_minus<true>),
    of_amounts("*", Returns::kArithmetic, run_times_over<false>),
    of_amounts("/", Returns::kDecimal, run_times_over<true>),
    {"div",
     1,
     1,
     {kNumberValue},
     Expect::kNumber,
     Returns::kInteger,
     Reads::kValue,
     run_div_mod<false>},
    {"mod",
     1,
     1,
     {kNumberValue},
     Expect::kNumber,
     Returns::kArithmetic,
     Reads::kValue,
     run_div_mod<true>},
    {"&", 1, 1, {kStringValue}, Expect::kString, Returns::kString, Reads::kValue, run_concatenate},
};

}  // namespace

std::span<const FunctionRow> math_functions() { return kMathFunctions; }
std::span<const FunctionRow> arithmetic_operators() { return kArithmeticOperators; }

}  // namespace kiln::fhirpath
