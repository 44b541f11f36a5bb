// FHIRPath §5.4 Combining, and the collection operators of §6.4: |, in, contains.
#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

bool run_union(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  ItemSet set(evaluation);
  ItemList result(evaluation.arena());
  if (!append_distinct(input, set, result) || !append_distinct(other, set, result)) return false;
  out = result.collection();
  return true;
}

bool run_combine(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  ItemList result(evaluation.arena());
  result.push_all(input);
  result.push_all(other);
  out = result.collection();
  return true;
}

bool run_coalesce(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  for (size_t i = 0; i < instruction.argument_count; ++i) {
    if (!evaluation.argument(instruction, i, out)) return false;
    if (!out.empty()) return true;
  }
  return true;
}

bool membership(Evaluation& evaluation, const Instruction& instruction, const Collection& item,
                const Collection& collection, Collection& out) {
  switch (evaluation.single(instruction, item)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  return evaluation.give_boolean(out, contains_item(evaluation, collection, item[0]));
}

/// Operators have their left side as input and their right side as argument.
bool run_in(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!evaluation.input(instruction, left)) return false;
  if (!evaluation.argument(instruction, 0, right)) return false;
  return membership(evaluation, instruction, left, right, out);
}

bool run_contains(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!evaluation.input(instruction, left)) return false;
  if (!evaluation.argument(instruction, 0, right)) return false;
  return membership(evaluation, instruction, right, left, out);
}

constexpr FunctionRow kCombiningFunctions[] = {
    {"union",
     1,
     1,
     {kAnyValue},
     Expect::kAnything,
     Returns::kWithArgument,
     Reads::kUnion,
     run_union},
    {"combine",
     1,
     1,
     {kAnyValue},
     Expect::kAnything,
     Returns::kWithArgument,
     Reads::kCombine,
     run_combine},
    {"coalesce",
     1,
     32,
     {kAnyValue, kAnyValue, kAnyValue},
     Expect::kAnything,
     Returns::kAnything,
     Reads::kWhole,
     run_coalesce},
};

constexpr FunctionRow kCollectionOperators[] = {
    {"|", 1, 1, {kAnyValue}, Expect::kAnything, Returns::kWithArgument, Reads::kUnion, run_union},
    {"in", 1, 1, {kAnyValue}, Expect::kAnything, Returns::kBoolean, Reads::kEquality, run_in},
    {"contains",
     1,
     1,
     {kAnyValue},
     Expect::kAnything,
     Returns::kBoolean,
     Reads::kEquality,
     run_contains},
};

}  // namespace

std::span<const FunctionRow> combining_functions() { return kCombiningFunctions; }
std::span<const FunctionRow> collection_operators() { return kCollectionOperators; }

}  // namespace kiln::fhirpath
