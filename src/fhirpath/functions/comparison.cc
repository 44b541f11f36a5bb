// FHIRPath §6.1 Equality, §6.2 Comparison, §6.5 Boolean logic.
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

[[nodiscard]] bool read_sides(Evaluation& evaluation, const Instruction& instruction,
                              Collection& left, Collection& right) {
  return evaluation.input(instruction, left) && evaluation.argument(instruction, 0, right);
}

template <bool kNegated>
bool run_equal(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!read_sides(evaluation, instruction, left, right)) return false;
  const auto equal = equal_collections(evaluation, left, right);
  if (evaluation.failed()) return false;
  if (!equal) return Evaluation::give_nothing(out);
  return evaluation.give_boolean(out, *equal != kNegated);
}

template <bool kNegated>
bool run_equivalent(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!read_sides(evaluation, instruction, left, right)) return false;
  const bool equivalent = equivalent_collections(evaluation, left, right);
  return !evaluation.failed() && evaluation.give_boolean(out, equivalent != kNegated);
}

enum class Relation : uint8_t { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

template <Relation kRelation>
bool run_compare(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!read_sides(evaluation, instruction, left, right)) return false;
  const Single has_left = evaluation.single(instruction, left);
  const Single has_right = evaluation.single(instruction, right);
  if (has_left == Single::kFailed || has_right == Single::kFailed) return false;
  if (has_left == Single::kNone || has_right == Single::kNone) {
    return Evaluation::give_nothing(out);
  }
  const Order order = order_items(evaluation, left[0], right[0]);
  switch (order.kind) {
    case Order::Kind::kUnknown:
      return Evaluation::give_nothing(out);
    case Order::Kind::kIncomparable:
      return evaluation.fail(instruction,
                             "cannot compare " + std::string(evaluation.type_info(left[0]).name) +
                                 " and " + std::string(evaluation.type_info(right[0]).name));
    case Order::Kind::kOrdered:
      break;
  }
  switch (kRelation) {
    case Relation::kLess:
      return evaluation.give_boolean(out, order.sign < 0);
    case Relation::kLessOrEqual:
      return evaluation.give_boolean(out, order.sign <= 0);
    case Relation::kGreater:
      return evaluation.give_boolean(out, order.sign > 0);
    case Relation::kGreaterOrEqual:
      return evaluation.give_boolean(out, order.sign >= 0);
  }
  return false;
}

// ---- three-valued logic ----

enum class Truth : uint8_t { kFalse, kTrue, kUnknown };

[[nodiscard]] bool read_truth(Evaluation& evaluation, const Instruction& instruction,
                              const Collection& side, Truth& truth) {
  bool value = false;
  switch (evaluation.single_boolean(instruction, side, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      truth = Truth::kUnknown;
      return true;
    case Single::kOne:
      truth = value ? Truth::kTrue : Truth::kFalse;
      return true;
  }
  return false;
}

Truth conjunction(Truth a, Truth b) {
  if (a == Truth::kFalse || b == Truth::kFalse) return Truth::kFalse;
  return a == Truth::kTrue && b == Truth::kTrue ? Truth::kTrue : Truth::kUnknown;
}
Truth negation(Truth a) {
  return a == Truth::kUnknown ? a : (a == Truth::kTrue ? Truth::kFalse : Truth::kTrue);
}
Truth disjunction(Truth a, Truth b) { return negation(conjunction(negation(a), negation(b))); }
Truth implication(Truth a, Truth b) { return disjunction(negation(a), b); }
Truth exclusive(Truth a, Truth b) {
  if (a == Truth::kUnknown || b == Truth::kUnknown) return Truth::kUnknown;
  return a == b ? Truth::kFalse : Truth::kTrue;
}

/// `kShort`: the left side that decides alone; kUnknown: none does.
template <auto kCombine, Truth kShort>
bool run_logic(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection side;
  Truth left = Truth::kUnknown;
  if (!evaluation.input(instruction, side)) return false;
  if (!read_truth(evaluation, instruction, side, left)) return false;
  Truth right = Truth::kUnknown;
  if (kShort == Truth::kUnknown || left != kShort) {
    if (!evaluation.argument(instruction, 0, side)) return false;
    if (!read_truth(evaluation, instruction, side, right)) return false;
  }
  const Truth result = kCombine(left, right);
  if (result == Truth::kUnknown) return Evaluation::give_nothing(out);
  return evaluation.give_boolean(out, result == Truth::kTrue);
}

constexpr FunctionRow comparison(std::string_view name, Kernel kernel) {
  return {name, 1, 1, {kAnyValue}, Expect::kAnything, Returns::kBoolean, Reads::kEquality, kernel};
}

constexpr FunctionRow kComparisons[] = {
    comparison("=", run_equal<false>),
    comparison("!=", run_equal<true>),
    comparison("~", run_equivalent<false>),
    comparison("!~", run_equivalent<true>),
    comparison("<", run_compare<Relation::kLess>),
    comparison("<=", run_compare<Relation::kLessOrEqual>),
    comparison(">", run_compare<Relation::kGreater>),
    comparison(">=", run_compare<Relation::kGreaterOrEqual>),
};

constexpr FunctionRow logic(std::string_view name, Kernel kernel) {
  return {name, 1, 1, {kAnyValue}, Expect::kAnything, Returns::kBoolean, Reads::kValue, kernel};
}

constexpr FunctionRow kLogic[] = {
    logic("and", run_logic<conjunction, Truth::kFalse>),
    logic("or", run_logic<disjunction, Truth::kTrue>),
    logic("xor", run_logic<exclusive, Truth::kUnknown>),
    logic("implies", run_logic<implication, Truth::kFalse>),
};

}  // namespace

std::span<const FunctionRow> comparison_operators() { return kComparisons; }
std::span<const FunctionRow> boolean_operators() { return kLogic; }

}  // namespace kiln::fhirpath
