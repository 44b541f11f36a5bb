// FHIRPath §5.1 Existence.
#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_empty(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  return context.give_boolean(out, input.empty());
}

bool run_exists(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  if (!context.has_argument(instruction, 0)) {
    return context.give_boolean(out, !input.empty());
  }
  for (uint32_t i = 0; i < input.size; ++i) {
    const One<bool> holds = context.boolean_for(instruction, 0, input[i], i);
    if (holds.failed()) return false;
    if (holds.value_or(false)) return context.give_boolean(out, true);
  }
  return context.give_boolean(out, false);
}

bool run_all(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  for (uint32_t i = 0; i < input.size; ++i) {
    const One<bool> holds = context.boolean_for(instruction, 0, input[i], i);
    if (holds.failed()) return false;
    if (!holds.value_or(false)) return context.give_boolean(out, false);
  }
  return context.give_boolean(out, true);
}

/// allTrue, anyTrue, allFalse, anyFalse: `any` and which value counts.
template <bool kAny, bool kWanted>
bool run_quantifier(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  bool result = !kAny;
  for (const Item& item : input) {
    Item value;
    if (!context.value_of(item, value)) continue;
    if (value.kind != ItemKind::kBoolean) {
      return context.fail(instruction,
                          "expected Booleans, got " + std::string(context.type_info(item).name));
    }
    if ((value.boolean == kWanted) == kAny) result = kAny;
  }
  return context.give_boolean(out, result);
}

bool give_all_within(Context& context, const Collection& part, const Collection& whole,
                     Collection& out) {
  ItemSet set(context);
  if (!set.insert_all(whole)) return false;
  for (const Item& item : part) {
    bool found = false;
    if (!set.contains(item, found)) return false;
    if (!found) return context.give_boolean(out, false);
  }
  return context.give_boolean(out, true);
}

bool run_subset_of(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  return give_all_within(context, input, other, out);
}

bool run_superset_of(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  return give_all_within(context, other, input, out);
}

bool run_count(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  return context.give_integer(out, input.size);
}

bool run_distinct(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemSet set(context);
  ItemList result(context.arena());
  if (!append_distinct(input, set, result)) return false;
  out = result.collection();
  return true;
}

bool run_is_distinct(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemSet set(context);
  for (const Item& item : input) {
    bool added = false;
    if (!set.insert(item, added)) return false;
    if (!added) return context.give_boolean(out, false);
  }
  return context.give_boolean(out, true);
}

bool run_not(Context& context, const Instruction& instruction, Collection& out) {
  const One<bool> value = context.input_boolean(instruction);
  if (!value) return none(out, value);
  return context.give_boolean(out, !*value);
}

constexpr FunctionRow kExistenceFunctions[] = {
    {.name = "empty", .returns = Returns::kBoolean, .reads = Reads::kAnyItem, .kernel = run_empty},
    {.name = "exists",
     .arguments = between(0, 1, kLambda),
     .returns = Returns::kBoolean,
     .reads = Reads::kAnyItem,
     .implies = Implies::kPresence,
     .kernel = run_exists},
    {.name = "all",
     .arguments = exactly(kLambda),
     .returns = Returns::kBoolean,
     .reads = Reads::kExistence,
     .kernel = run_all},
    {.name = "allTrue",
     .input = Expect::kBoolean,
     .returns = Returns::kBoolean,
     .reads = Reads::kValue,
     .kernel = run_quantifier<false, true>},
    {.name = "anyTrue",
     .input = Expect::kBoolean,
     .returns = Returns::kBoolean,
     .reads = Reads::kValue,
     .kernel = run_quantifier<true, true>},
    {.name = "allFalse",
     .input = Expect::kBoolean,
     .returns = Returns::kBoolean,
     .reads = Reads::kValue,
     .kernel = run_quantifier<false, false>},
    {.name = "anyFalse",
     .input = Expect::kBoolean,
     .returns = Returns::kBoolean,
     .reads = Reads::kValue,
     .kernel = run_quantifier<true, false>},
    {.name = "subsetOf",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kBoolean,
     .reads = Reads::kEquality,
     .kernel = run_subset_of},
    {.name = "supersetOf",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kBoolean,
     .reads = Reads::kEquality,
     .kernel = run_superset_of},
    {.name = "count",
     .returns = Returns::kInteger,
     .reads = Reads::kExistence,
     .kernel = run_count},
    {.name = "distinct",
     .returns = Returns::kInput,
     .reads = Reads::kUnion,
     .kernel = run_distinct},
    {.name = "isDistinct",
     .returns = Returns::kBoolean,
     .reads = Reads::kEquality,
     .kernel = run_is_distinct},
    {.name = "not", .returns = Returns::kBoolean, .reads = Reads::kValue, .kernel = run_not},
};

}  // namespace

std::span<const FunctionRow> existence_functions() { return kExistenceFunctions; }

}  // namespace kiln::fhirpath
