// FHIRPath §6.1 Equality, §6.2 Comparison, §6.5 Boolean logic.
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

template <bool kNegated>
bool run_equal(Context& context, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!context.sides(instruction, left, right)) return false;
  const auto equal = equal_collections(context, left, right);
  if (context.failed()) return false;
  if (!equal) return Context::give_nothing(out);
  return context.give_boolean(out, *equal != kNegated);
}

template <bool kNegated>
bool run_equivalent(Context& context, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!context.sides(instruction, left, right)) return false;
  const bool equivalent = equivalent_collections(context, left, right);
  return !context.failed() && context.give_boolean(out, equivalent != kNegated);
}

enum class Relation : uint8_t { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

template <Relation kRelation>
bool run_compare(Context& context, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!context.sides(instruction, left, right)) return false;
  const One<Item> a = context.single(instruction, left);
  const One<Item> b = context.single(instruction, right);
  if (!a || !b) return none(out, a, b);
  const Order order = order_items(context, *a, *b);
  switch (order.kind) {
    case Order::Kind::kUnknown:
      return Context::give_nothing(out);
    case Order::Kind::kIncomparable:
      return context.fail(instruction, "cannot compare " + std::string(context.type_info(*a).name) +
                                           " and " + std::string(context.type_info(*b).name));
    case Order::Kind::kOrdered:
      break;
  }
  switch (kRelation) {
    case Relation::kLess:
      return context.give_boolean(out, order.sign < 0);
    case Relation::kLessOrEqual:
      return context.give_boolean(out, order.sign <= 0);
    case Relation::kGreater:
      return context.give_boolean(out, order.sign > 0);
    case Relation::kGreaterOrEqual:
      return context.give_boolean(out, order.sign >= 0);
  }
  return false;
}

// ---- three-valued logic ----

enum class Truth : uint8_t { kFalse, kTrue, kUnknown };

Truth truth_of(const One<bool>& side) {
  if (!side) return Truth::kUnknown;
  return *side ? Truth::kTrue : Truth::kFalse;
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
bool run_logic(Context& context, const Instruction& instruction, Collection& out) {
  const One<bool> left = context.input_boolean(instruction);
  if (left.failed()) return false;
  One<bool> right;
  if (kShort == Truth::kUnknown || truth_of(left) != kShort) {
    right = context.argument_boolean(instruction, 0);
    if (right.failed()) return false;
  }
  const Truth result = kCombine(truth_of(left), truth_of(right));
  if (result == Truth::kUnknown) return Context::give_nothing(out);
  return context.give_boolean(out, result == Truth::kTrue);
}

constexpr FunctionRow comparison(std::string_view name, Compares compares, Kernel kernel) {
  return {.name = name,
          .arguments = exactly(kAnyValue),
          .returns = Returns::kBoolean,
          .reads = Reads::kEquality,
          .compares = compares,
          .kernel = kernel};
}

constexpr FunctionRow kComparisons[] = {
    comparison("=", Compares::kEqual, run_equal<false>),
    comparison("!=", Compares::kUnequal, run_equal<true>),
    comparison("~", Compares::kEquivalent, run_equivalent<false>),
    comparison("!~", Compares::kUnequal, run_equivalent<true>),
    comparison("<", Compares::kOrder, run_compare<Relation::kLess>),
    comparison("<=", Compares::kOrder, run_compare<Relation::kLessOrEqual>),
    comparison(">", Compares::kOrder, run_compare<Relation::kGreater>),
    comparison(">=", Compares::kOrder, run_compare<Relation::kGreaterOrEqual>),
};

constexpr FunctionRow logic(std::string_view name, Kernel kernel,
                            Implies implies = Implies::kNothing) {
  return {.name = name,
          .arguments = exactly(kAnyValue),
          .returns = Returns::kBoolean,
          .implies = implies,
          .kernel = kernel};
}

constexpr FunctionRow kLogic[] = {
    logic("and", run_logic<conjunction, Truth::kFalse>, Implies::kBothSides),
    logic("or", run_logic<disjunction, Truth::kTrue>),
    logic("xor", run_logic<exclusive, Truth::kUnknown>),
    logic("implies", run_logic<implication, Truth::kFalse>),
};

}  // namespace

std::span<const FunctionRow> comparison_operators() { return kComparisons; }
std::span<const FunctionRow> boolean_operators() { return kLogic; }

}  // namespace kiln::fhirpath
