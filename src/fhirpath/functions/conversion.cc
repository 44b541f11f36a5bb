// FHIRPath §5.5 Conversion. Each type has one function that converts or gives nothing; toX() and
// convertsToX() are made of it.

#include "base/number.h"
#include "base/text.h"
#include "fhir/ucum.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Converter = bool (*)(Context&, const Item& value, Item& out);

bool to_boolean(Context&, const Item& value, Item& out) {
  switch (value.kind) {
    case ItemKind::kBoolean:
      out = value;
      return true;
    case ItemKind::kInteger:
      out = Item::of_boolean(value.integer == 1);
      return value.integer == 0 || value.integer == 1;
    case ItemKind::kDecimal: {
      const bool one = *value.decimal == fhir::Decimal(1);
      out = Item::of_boolean(one);
      return one || *value.decimal == fhir::Decimal(0);
    }
    case ItemKind::kString: {
      static constexpr size_t kLongest = 5;  // false
      if (value.text().size() > kLongest) return false;
      std::string text(value.text());
      for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      const bool yes = text == "true" || text == "t" || text == "yes" || text == "y" ||
                       text == "1" || text == "1.0";
      const bool no = text == "false" || text == "f" || text == "no" || text == "n" ||
                      text == "0" || text == "0.0";
      out = Item::of_boolean(yes);
      return yes || no;
    }
    default:
      return false;
  }
}

bool parse_integer(std::string_view text, int64_t& integer) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto number = base::whole_number<int64_t>(text);
  if (number) integer = *number;
  return number.has_value();
}

bool to_long(Context&, const Item& value, Item& out) {
  int64_t integer = 0;
  switch (value.kind) {
    case ItemKind::kBoolean:
      integer = value.boolean ? 1 : 0;
      break;
    case ItemKind::kInteger:
      integer = value.integer;
      break;
    case ItemKind::kString:
      if (!parse_integer(value.text(), integer)) return false;
      break;
    default:
      return false;
  }
  out = Item::of_integer(integer, fhir::kSystemLong);
  return true;
}

bool to_integer(Context& context, const Item& value, Item& out) {
  if (!to_long(context, value, out)) return false;
  out.type = fhir::kSystemInteger;
  return out.integer >= INT32_MIN && out.integer <= INT32_MAX;
}

bool to_decimal(Context& context, const Item& value, Item& out) {
  std::optional<fhir::Decimal> decimal;
  switch (value.kind) {
    case ItemKind::kBoolean:
      decimal = fhir::Decimal(value.boolean ? 1 : 0);
      break;
    case ItemKind::kInteger:
      decimal = fhir::Decimal(value.integer);
      break;
    case ItemKind::kDecimal:
      decimal = *value.decimal;
      break;
    case ItemKind::kString:
      if (value.text().find_first_of("eE") == std::string_view::npos) {
        decimal = fhir::Decimal::parse(value.text());
      }
      break;
    default:
      break;
  }
  if (!decimal) return false;
  out = Item::of_decimal(context.arena().make<fhir::Decimal>(*decimal));
  return true;
}

bool give_temporal(Context& context, const std::optional<fhir::Temporal>& value, Item& out) {
  if (!value) return false;
  out = Item::of_temporal(context.arena().make<fhir::Temporal>(*value));
  return true;
}

bool to_date(Context& context, const Item& value, Item& out) {
  if (value.kind == ItemKind::kString) {
    auto parsed = fhir::Temporal::parse_date_time(value.text());
    if (parsed) parsed = parsed->as_date();
    return give_temporal(context, parsed, out);
  }
  if (value.kind != ItemKind::kTemporal || value.temporal->kind == fhir::TemporalKind::kTime) {
    return false;
  }
  return give_temporal(context, value.temporal->as_date(), out);
}

bool to_date_time(Context& context, const Item& value, Item& out) {
  if (value.kind == ItemKind::kString) {
    return give_temporal(context, fhir::Temporal::parse_date_time(value.text()), out);
  }
  if (value.kind != ItemKind::kTemporal || value.temporal->kind == fhir::TemporalKind::kTime) {
    return false;
  }
  return give_temporal(context, value.temporal->as_date_time(), out);
}

bool to_time(Context& context, const Item& value, Item& out) {
  if (value.kind == ItemKind::kString) {
    return give_temporal(context, fhir::Temporal::parse_time(value.text()), out);
  }
  out = value;
  return value.kind == ItemKind::kTemporal && value.temporal->kind == fhir::TemporalKind::kTime;
}

/// "4 days", "10 'mg'", "3.5" (§5.5.8).
std::optional<Quantity> parse_quantity(Context& context, std::string_view text) {
  size_t end = 0;
  while (end < text.size() &&
         (text[end] == '+' || text[end] == '-' || text[end] == '.' || base::is_digit(text[end]))) {
    ++end;
  }
  const auto number = fhir::Decimal::parse(text.substr(0, end));
  if (!number) return std::nullopt;
  std::string_view unit = text.substr(end);
  if (unit.empty()) return Quantity{*number, "1", false};
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.size() > 2 && unit.front() == '\'' && unit.back() == '\'') {
    return Quantity{*number, context.arena().copy(unit.substr(1, unit.size() - 2)), false};
  }
  if (end < text.size() && text[end] == ' ' && fhir::Unit::of_calendar_word(unit)) {
    return Quantity{*number, context.arena().copy(unit), true};
  }
  return std::nullopt;
}

bool to_quantity(Context& context, const Item& value, Item& out) {
  std::optional<Quantity> quantity;
  switch (value.kind) {
    case ItemKind::kBoolean:
      quantity = Quantity{fhir::Decimal(value.boolean ? 1 : 0), "1", false};
      break;
    case ItemKind::kInteger:
      quantity = Quantity{fhir::Decimal(value.integer), "1", false};
      break;
    case ItemKind::kDecimal:
      quantity = Quantity{*value.decimal, "1", false};
      break;
    case ItemKind::kString:
      quantity = parse_quantity(context, value.text());
      break;
    default:
      quantity = quantity_of(context, value);
      break;
  }
  if (!quantity) return false;
  out = Item::of_quantity(context.arena().make<Quantity>(*quantity));
  return true;
}

bool to_string(Context& context, const Item& value, Item& out) {
  const auto text = text_of_item(context, value);
  if (!text) return false;
  out = Item::of_string(context.arena().copy(*text));
  return true;
}

/// The input's one item with its value read where it has one (a FHIR Quantity has none).
One<Item> convertible(Context& context, const Instruction& instruction) {
  const One<Item> item = context.input_item(instruction);
  Item value;
  if (item && !context.value_of(*item, value)) value = *item;
  const bool is_text = value.kind == ItemKind::kString;
  if (!context.step_text(is_text ? value.text().size() : 0)) return One<Item>::failure();
  return item ? One<Item>(value) : item;
}

template <Converter kConvert>
bool run_convert(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = convertible(context, instruction);
  if (!value) return none(out, value);
  Item converted;
  if (!kConvert(context, *value, converted)) return Context::give_nothing(out);
  return context.give(out, converted);
}

template <Converter kConvert>
bool run_converts(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> value = convertible(context, instruction);
  if (!value) return none(out, value);
  Item converted;
  return context.give_boolean(out, kConvert(context, *value, converted));
}

/// iif(criterion, then, else): only the branch that counts is evaluated.
bool run_iif(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  if (context.single(instruction, input).failed()) return false;
  const auto eval_branch = [&](size_t index, Collection& result) {
    const InstructionId id = context.argument_id(instruction, index);
    if (instruction.input == kNoInstruction || input.empty()) return context.eval(id, result);
    return context.eval_for(id, input[0], 0, result);
  };
  Collection criterion;
  if (!eval_branch(0, criterion)) return false;
  const One<bool> holds = context.single_boolean(instruction, criterion);
  if (holds.failed()) return false;
  if (holds.value_or(false)) return eval_branch(1, out);
  if (context.has_argument(instruction, 2)) return eval_branch(2, out);
  return Context::give_nothing(out);
}

constexpr FunctionRow conversion(std::string_view name, Returns returns, Kernel kernel) {
  return {.name = name, .returns = returns, .reads = Reads::kEquality, .kernel = kernel};
}

constexpr FunctionRow kConversionFunctions[] = {
    {.name = "iif",
     .arguments = between(2, 3, kLambda),
     .returns = Returns::kBranches,
     .reads = Reads::kBranches,
     .kernel = run_iif},
    conversion("toBoolean", Returns::kBoolean, run_convert<to_boolean>),
    conversion("toInteger", Returns::kInteger, run_convert<to_integer>),
    conversion("toLong", Returns::kLong, run_convert<to_long>),
    conversion("toDecimal", Returns::kDecimal, run_convert<to_decimal>),
    conversion("toDate", Returns::kDate, run_convert<to_date>),
    conversion("toDateTime", Returns::kDateTime, run_convert<to_date_time>),
    conversion("toTime", Returns::kTime, run_convert<to_time>),
    conversion("toQuantity", Returns::kQuantity, run_convert<to_quantity>),
    conversion("toString", Returns::kString, run_convert<to_string>),
    conversion("convertsToBoolean", Returns::kBoolean, run_converts<to_boolean>),
    conversion("convertsToInteger", Returns::kBoolean, run_converts<to_integer>),
    conversion("convertsToLong", Returns::kBoolean, run_converts<to_long>),
    conversion("convertsToDecimal", Returns::kBoolean, run_converts<to_decimal>),
    conversion("convertsToDate", Returns::kBoolean, run_converts<to_date>),
    conversion("convertsToDateTime", Returns::kBoolean, run_converts<to_date_time>),
    conversion("convertsToTime", Returns::kBoolean, run_converts<to_time>),
    conversion("convertsToQuantity", Returns::kBoolean, run_converts<to_quantity>),
    conversion("convertsToString", Returns::kBoolean, run_converts<to_string>),
};

}  // namespace

std::span<const FunctionRow> conversion_functions() { return kConversionFunctions; }

}  // namespace kiln::fhirpath
