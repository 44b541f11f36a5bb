// FHIRPath §5.1 Existence.
#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

/// True, false, or (kNone) neither for one item's criteria.
Single criteria(Evaluation& evaluation, const Instruction& instruction, const Item& item,
                int64_t index, bool& result) {
  Collection value;
  if (!evaluation.eval_for(evaluation.argument_id(instruction, 0), item, index, value)) {
    return Single::kFailed;
  }
  return evaluation.single_boolean(instruction, value, result);
}

bool run_empty(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  return evaluation.give_boolean(out, input.empty());
}

bool run_exists(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.has_argument(instruction, 0)) {
    return evaluation.give_boolean(out, !input.empty());
  }
  for (uint32_t i = 0; i < input.size; ++i) {
    bool holds = false;
    const Single state = criteria(evaluation, instruction, input[i], i, holds);
    if (state == Single::kFailed) return false;
    if (state == Single::kOne && holds) return evaluation.give_boolean(out, true);
  }
  return evaluation.give_boolean(out, false);
}

bool run_all(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  for (uint32_t i = 0; i < input.size; ++i) {
    bool holds = false;
    const Single state = criteria(evaluation, instruction, input[i], i, holds);
    if (state == Single::kFailed) return false;
    if (state == Single::kNone || !holds) return evaluation.give_boolean(out, false);
  }
  return evaluation.give_boolean(out, true);
}

/// allTrue, anyTrue, allFalse, anyFalse: `any` and which value counts.
template <bool kAny, bool kWanted>
bool run_quantifier(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  bool result = !kAny;
  for (const Item& item : input) {
    Item value;
    if (!evaluation.value_of(item, value)) continue;
    if (value.kind != ItemKind::kBoolean) {
      return evaluation.fail(
          instruction, "expected Booleans, got " + std::string(evaluation.type_info(item).name));
    }
    if ((value.boolean == kWanted) == kAny) result = kAny;
  }
  return evaluation.give_boolean(out, result);
}

bool give_all_within(Evaluation& evaluation, const Collection& part, const Collection& whole,
                     Collection& out) {
  ItemSet set(evaluation);
  if (!set.insert_all(whole)) return false;
  for (const Item& item : part) {
    bool found = false;
    if (!set.contains(item, found)) return false;
    if (!found) return evaluation.give_boolean(out, false);
  }
  return evaluation.give_boolean(out, true);
}

bool run_subset_of(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  return give_all_within(evaluation, input, other, out);
}

bool run_superset_of(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  return give_all_within(evaluation, other, input, out);
}

bool run_count(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  return evaluation.give_integer(out, input.size);
}

bool run_distinct(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemSet set(evaluation);
  ItemList result(evaluation.arena());
  if (!append_distinct(input, set, result)) return false;
  out = result.collection();
  return true;
}

bool run_is_distinct(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemSet set(evaluation);
  for (const Item& item : input) {
    bool added = false;
    if (!set.insert(item, added)) return false;
    if (!added) return evaluation.give_boolean(out, false);
  }
  return evaluation.give_boolean(out, true);
}

bool run_not(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  bool value = false;
  switch (evaluation.single_boolean(instruction, input, value)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  return evaluation.give_boolean(out, !value);
}

constexpr FunctionRow kExistenceFunctions[] = {
    {"empty", 0, 0, {}, Expect::kAnything, Returns::kBoolean, Reads::kExistence, run_empty},
    {"exists",
     0,
     1,
     {kLambda},
     Expect::kAnything,
     Returns::kBoolean,
     Reads::kExistence,
     run_exists},
    {"all", 1, 1, {kLambda}, Expect::kAnything, Returns::kBoolean, Reads::kExistence, run_all},
    {"allTrue",
     0,
     0,
     {},
     Expect::kBoolean,
     Returns::kBoolean,
     Reads::kValue,
     run_quantifier<false, true>},
    {"anyTrue",
     0,
     0,
     {},
     Expect::kBoolean,
     Returns::kBoolean,
     Reads::kValue,
     run_quantifier<true, true>},
    {"allFalse",
     0,
     0,
     {},
     Expect::kBoolean,
     Returns::kBoolean,
     Reads::kValue,
     run_quantifier<false, false>},
    {"anyFalse",
     0,
     0,
     {},
     Expect::kBoolean,
     Returns::kBoolean,
     Reads::kValue,
     run_quantifier<true, false>},
    {"subsetOf",
     1,
     1,
     {kAnyValue},
     Expect::kAnything,
     Returns::kBoolean,
     Reads::kEquality,
     run_subset_of},
    {"supersetOf",
     1,
     1,
     {kAnyValue},
     Expect::kAnything,
     Returns::kBoolean,
     Reads::kEquality,
     run_superset_of},
    {"count", 0, 0, {}, Expect::kAnything, Returns::kInteger, Reads::kExistence, run_count},
    {"distinct", 0, 0, {}, Expect::kAnything, Returns::kInput, Reads::kUnion, run_distinct},
    {"isDistinct",
     0,
     0,
     {},
     Expect::kAnything,
     Returns::kBoolean,
     Reads::kEquality,
     run_is_distinct},
    {"not", 0, 0, {}, Expect::kAnything, Returns::kBoolean, Reads::kValue, run_not},
};

}  // namespace

std::span<const FunctionRow> existence_functions() { return kExistenceFunctions; }

}  // namespace kiln::fhirpath
