// FHIRPath §5.7 Math, and the arithmetic operators of §6.6, §6.7. All numbers are computed as
// Decimals and given back as the type that the operands have; only exp(), ln(), sqrt() and powers
// that are no whole numbers go by doubles. A result that does not fit is empty.
#include <algorithm>
#include <cmath>

#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using fhir::Decimal;
// ---- reading numbers ----

/// An item's value, or that of a FHIR Quantity as a System one.
One<Item> with_quantity(Context& context, const One<Item>& item) {
  Item value;
  if (!item) return item;
  if (context.value_of(*item, value)) return value;
  const auto quantity = quantity_of(context, *item);
  if (!quantity) return {};
  return Item::of_quantity(context.arena().make<Quantity>(*quantity));
}

/// The input as a number or Quantity.
One<Item> read_amount(Context& context, const Instruction& instruction) {
  const One<Item> value = with_quantity(context, context.input_item(instruction));
  if (!value || value->kind == ItemKind::kQuantity || decimal_of(*value)) return value;
  context.fail(instruction,
               "expected a number, got " + std::string(context.type_info(*value).name));
  return One<Item>::failure();
}

One<Decimal> read_decimal_argument(Context& context, const Instruction& instruction) {
  const One<Item> value = context.argument_value(instruction, 0);
  if (!value) return value.failed() ? One<Decimal>::failure() : One<Decimal>();
  if (const auto number = decimal_of(*value)) return *number;
  context.fail(instruction, "expected a number as argument");
  return One<Decimal>::failure();
}

bool give_number(Context& context, const Item& like, const std::optional<Decimal>& value,
                 Collection& out) {
  if (!value) return Context::give_nothing(out);
  if (like.kind == ItemKind::kQuantity) {
    return context.give_quantity(out, {*value, like.quantity->unit, like.quantity->calendar});
  }
  if (like.kind == ItemKind::kInteger) {
    const auto integer = value->to_integer();
    if (!integer) return Context::give_nothing(out);
    return context.give(out, Item::of_integer(*integer, like.type));
  }
  return context.give_decimal(out, value);
}

bool give_whole(Context& context, const std::optional<Decimal>& value, Collection& out) {
  const auto integer = value ? value->to_integer() : std::nullopt;
  if (!integer) return Context::give_nothing(out);
  return context.give_integer(out, *integer);
}

Decimal number_in(const Item& value) {
  return value.kind == ItemKind::kQuantity ? value.quantity->value : *decimal_of(value);
}

// ---- functions of one number ----

/// A kernel of a function Decimal -> optional<Decimal>; the result has the input's type.
template <auto kFunction>
bool run_same_type(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = read_amount(context, instruction);
  if (!value) return none(out, value);
  return give_number(context, *value, kFunction(number_in(*value)), out);
}

/// The same, the result being an Integer.
template <auto kFunction>
bool run_to_whole(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = read_amount(context, instruction);
  if (!value) return none(out, value);
  return give_whole(context, kFunction(number_in(*value)), out);
}

/// The same on doubles, the result being a Decimal.
template <auto kFunction>
bool run_real(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = read_amount(context, instruction);
  if (!value) return none(out, value);
  return context.give_decimal(out, Decimal::from_double(kFunction(number_in(*value).to_double())));
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

bool run_log(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = read_amount(context, instruction);
  const One<Decimal> base = read_decimal_argument(context, instruction);
  if (!value || !base) return none(out, value, base);
  const double result = std::log(number_in(*value).to_double()) / std::log(base->to_double());
  return context.give_decimal(out, Decimal::from_double(result));
}

bool run_power(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = read_amount(context, instruction);
  const One<Decimal> exponent = read_decimal_argument(context, instruction);
  if (!value || !exponent) return none(out, value, exponent);
  const Decimal base = number_in(*value);
  const auto whole = exponent->to_integer();
  if (whole) {
    const auto result = Decimal::power(base, *whole);
    if (value->kind == ItemKind::kInteger && *whole >= 0) return give_whole(context, result, out);
    return context.give_decimal(out, result);
  }
  const double result = std::pow(base.to_double(), exponent->to_double());
  return context.give_decimal(out, Decimal::from_double(result));
}

bool run_round(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = read_amount(context, instruction);
  if (!value) return none(out, value);
  One<int64_t> given;
  if (context.has_argument(instruction, 0)) given = context.argument_integer(instruction, 0);
  if (given.failed()) return false;
  const int64_t digits = given.value_or(0);
  if (digits < 0 || digits > Decimal::kMaxDigits) {
    return context.fail(instruction, "the number of digits is negative or too large");
  }
  return context.give_decimal(out, number_in(*value).rounded(static_cast<int>(digits)));
}

// ---- binary operators ----

struct Operands {
  Item left;
  Item right;
};

/// Both sides as values; none if one is empty.
One<Operands> read_operands(Context& context, const Instruction& instruction) {
  Collection left;
  Collection right;
  if (!context.sides(instruction, left, right)) return One<Operands>::failure();
  const One<Item> l = with_quantity(context, context.single(instruction, left));
  const One<Item> r = with_quantity(context, context.single(instruction, right));
  if (l.failed() || r.failed()) return One<Operands>::failure();
  return l && r ? One<Operands>({*l, *r}) : One<Operands>();
}

bool fail_types(Context& context, const Instruction& instruction, const Operands& operands) {
  return context.fail(instruction,
                      "cannot be applied to " + std::string(context.type_info(operands.left).name) +
                          " and " + std::string(context.type_info(operands.right).name));
}

/// Number and number: Integers stay Integers, a Decimal makes a Decimal.
bool give_result(Context& context, const Operands& operands, const std::optional<Decimal>& value,
                 Collection& out) {
  const bool whole =
      operands.left.kind == ItemKind::kInteger && operands.right.kind == ItemKind::kInteger;
  if (!whole) return context.give_decimal(out, value);
  Item like = operands.left;
  if (operands.right.type == fhir::kSystemLong) like.type = fhir::kSystemLong;
  if (value && like.type == fhir::kSystemInteger) {
    const auto integer = value->to_integer();
    if (!integer || *integer > INT32_MAX || *integer < INT32_MIN) {
      return Context::give_nothing(out);  // an overflow is empty (§6.6)
    }
  }
  return give_number(context, like, value, out);
}

/// Two texts in a row.
bool give_joined(Context& context, const Instruction& instruction, std::string_view left,
                 std::string_view right, Collection& out) {
  if (!context.make_text(instruction, left.size() + right.size())) return false;
  char* const text = context.arena().make_array<char>(left.size() + right.size());
  std::copy(left.begin(), left.end(), text);
  std::copy(right.begin(), right.end(), text + left.size());
  return context.give(out, Item::of_string({text, left.size() + right.size()}));
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

bool add_duration(Context& context, const Instruction& instruction, const Operands& operands,
                  bool subtract, Collection& out) {
  const Quantity& quantity = *operands.right.quantity;
  auto unit = calendar_unit(quantity);
  if (!unit)
    return context.fail(instruction, "expected a duration, got " + text_of_quantity(quantity));
  // Parts of a unit are ignored above seconds; parts of a second are cut, as below.
  const auto whole = quantity.value.truncated(0)->to_integer();
  if (!whole) return Context::give_nothing(out);
  return context.give_temporal(out,
                               operands.left.temporal->plus(subtract ? -*whole : *whole, *unit));
}

template <bool kSubtract>
bool run_plus_minus(Context& context, const Instruction& instruction, Collection& out) {
  const One<Operands> operands = read_operands(context, instruction);
  if (!operands) return none(out, operands);
  const Item& left = operands->left;
  const Item& right = operands->right;
  const auto combine = [](const Decimal& a, const Decimal& b) {
    return kSubtract ? Decimal::subtract(a, b) : Decimal::add(a, b);
  };
  if (!kSubtract && left.kind == ItemKind::kString && right.kind == ItemKind::kString) {
    return give_joined(context, instruction, left.text(), right.text(), out);
  }
  if (left.kind == ItemKind::kTemporal && right.kind == ItemKind::kQuantity) {
    return add_duration(context, instruction, *operands, kSubtract, out);
  }
  if (left.kind == ItemKind::kQuantity || right.kind == ItemKind::kQuantity) {
    const auto x = amount_of(context, left);
    const auto y = amount_of(context, right);
    if (!x || !y) return fail_types(context, instruction, *operands);
    const auto in_left = converted_amount(*y, *x);
    const auto sum = in_left ? combine(x->value, *in_left) : std::nullopt;
    if (!sum) return Context::give_nothing(out);
    return context.give_quantity(out, {*sum, x->unit, x->calendar});
  }
  const auto a = decimal_of(left);
  const auto b = decimal_of(right);
  if (!a || !b) return fail_types(context, instruction, *operands);
  return give_result(context, *operands, combine(*a, *b), out);
}

/// Quantity times or over Quantity: in base units, but where one of the units is '1' or the two
/// cancel.
bool give_product(Context& context, const Operands& operands, bool divide, Collection& out) {
  const Quantity a = *amount_of(context, operands.left);
  const Quantity b = *amount_of(context, operands.right);
  const bool same_unit = a.unit == b.unit && a.calendar == b.calendar;
  if (b.unit == "1" || (divide ? same_unit : a.unit == "1")) {
    const auto value =
        divide ? Decimal::divide(a.value, b.value) : Decimal::multiply(a.value, b.value);
    if (!value) return Context::give_nothing(out);
    if (divide && same_unit) return context.give_quantity(out, {*value, "1", false});
    const Quantity& like = b.unit == "1" ? a : b;
    return context.give_quantity(out, {*value, like.unit, like.calendar});
  }
  using fhir::Ratio;
  const auto x = unit_of(a);
  const auto y = unit_of(b);
  if (!x || !y) return Context::give_nothing(out);
  const auto unit = divide ? fhir::Unit::divide(*x, *y) : fhir::Unit::multiply(*x, *y);
  const auto amounts = divide ? Ratio::divide(Ratio(a.value), Ratio(b.value))
                              : Ratio::multiply(Ratio(a.value), Ratio(b.value));
  const auto product = unit && amounts ? Ratio::multiply(*amounts, unit->factor) : std::nullopt;
  const auto value = product ? product->to_decimal() : std::nullopt;
  if (!value) return Context::give_nothing(out);
  return context.give_quantity(
      out, {value->normalized(), context.arena().copy(unit->base_text()), false});
}

template <bool kDivide>
bool run_times_over(Context& context, const Instruction& instruction, Collection& out) {
  const One<Operands> operands = read_operands(context, instruction);
  if (!operands) return none(out, operands);
  const auto a = decimal_of(operands->left);
  const auto b = decimal_of(operands->right);
  const bool quantities = (a || operands->left.kind == ItemKind::kQuantity) &&
                          (b || operands->right.kind == ItemKind::kQuantity);
  if (!quantities) return fail_types(context, instruction, *operands);
  if (!a || !b) return give_product(context, *operands, kDivide, out);
  if (kDivide) return context.give_decimal(out, Decimal::divide(*a, *b));
  return give_result(context, *operands, Decimal::multiply(*a, *b), out);
}

/// div and mod.
template <bool kRemainder>
bool run_div_mod(Context& context, const Instruction& instruction, Collection& out) {
  const One<Operands> operands = read_operands(context, instruction);
  if (!operands) return none(out, operands);
  const auto a = decimal_of(operands->left);
  const auto b = decimal_of(operands->right);
  if (!a || !b) return fail_types(context, instruction, *operands);
  if (kRemainder) return give_result(context, *operands, Decimal::remainder(*a, *b), out);
  return give_whole(context, Decimal::integer_quotient(*a, *b), out);
}

/// &: an empty side is an empty text.
bool run_concatenate(Context& context, const Instruction& instruction, Collection& out) {
  const One<std::string_view> left = context.input_string(instruction);
  const One<std::string_view> right = context.argument_string(instruction, 0);
  if (left.failed() || right.failed()) return false;
  return give_joined(context, instruction, left.value_or({}), right.value_or({}), out);
}

constexpr FunctionRow of_number(std::string_view name, Returns returns, Kernel kernel) {
  return {.name = name,
          .input = Expect::kAmount,
          .returns = returns,
          .reads = Reads::kEquality,
          .kernel = kernel};
}
constexpr FunctionRow of_amounts(std::string_view name, Returns returns, Kernel kernel) {
  return {.name = name,
          .arguments = exactly(kAnyValue),
          .returns = returns,
          .reads = Reads::kEquality,
          .kernel = kernel};
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
    {.name = "log",
     .arguments = exactly(kNumberValue),
     .input = Expect::kNumber,
     .returns = Returns::kDecimal,
     .reads = Reads::kValue,
     .kernel = run_log},
    {.name = "power",
     .arguments = exactly(kNumberValue),
     .input = Expect::kNumber,
     .returns = Returns::kArithmetic,
     .reads = Reads::kValue,
     .kernel = run_power},
    {.name = "round",
     .arguments = between(0, 1, kIntegerValue),
     .input = Expect::kNumber,
     .returns = Returns::kDecimal,
     .reads = Reads::kValue,
     .kernel = run_round},
};

constexpr FunctionRow kArithmeticOperators[] = {
    of_number("-x", Returns::kInputNumber, run_same_type<negated>),
    of_number("+x", Returns::kInputNumber, run_same_type<unchanged>),
    of_amounts("+", Returns::kSum, run_plus_minus<false>),
    of_amounts("-", Returns::kDifference, run_plus_minus<true>),
    of_amounts("*", Returns::kArithmetic, run_times_over<false>),
    of_amounts("/", Returns::kQuotient, run_times_over<true>),
    {.name = "div",
     .arguments = exactly(kNumberValue),
     .input = Expect::kNumber,
     .returns = Returns::kInteger,
     .reads = Reads::kValue,
     .kernel = run_div_mod<false>},
    {.name = "mod",
     .arguments = exactly(kNumberValue),
     .input = Expect::kNumber,
     .returns = Returns::kArithmetic,
     .reads = Reads::kValue,
     .kernel = run_div_mod<true>},
    {.name = "&",
     .arguments = exactly(kStringValue),
     .input = Expect::kString,
     .returns = Returns::kString,
     .reads = Reads::kValue,
     .kernel = run_concatenate},
};

}  // namespace

std::span<const FunctionRow> math_functions() { return kMathFunctions; }
std::span<const FunctionRow> arithmetic_operators() { return kArithmeticOperators; }

}  // namespace kiln::fhirpath
