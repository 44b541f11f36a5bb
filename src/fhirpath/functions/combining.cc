// FHIRPath §5.4 Combining, and the collection operators of §6.4: |, in, contains.
#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_union(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  ItemSet set(context);
  ItemList result(context.arena());
  if (!append_distinct(input, set, result) || !append_distinct(other, set, result)) return false;
  out = result.collection();
  return true;
}

bool run_combine(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  ItemList result(context.arena());
  result.push_all(input);
  result.push_all(other);
  out = result.collection();
  return true;
}

bool run_coalesce(Context& context, const Instruction& instruction, Collection& out) {
  for (size_t i = 0; i < instruction.argument_count; ++i) {
    if (!context.argument(instruction, i, out)) return false;
    if (!out.empty()) return true;
  }
  return true;
}

bool membership(Context& context, const Instruction& instruction, const Collection& item,
                const Collection& collection, Collection& out) {
  const One<Item> one = context.single(instruction, item);
  if (!one) return none(out, one);
  return context.give_boolean(out, contains_item(context, collection, *one));
}

/// Operators have their left side as input and their right side as argument.
bool run_in(Context& context, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!context.sides(instruction, left, right)) return false;
  return membership(context, instruction, left, right, out);
}

bool run_contains(Context& context, const Instruction& instruction, Collection& out) {
  Collection left;
  Collection right;
  if (!context.sides(instruction, left, right)) return false;
  return membership(context, instruction, right, left, out);
}

constexpr FunctionRow kCombiningFunctions[] = {
    {.name = "union",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kWithArgument,
     .reads = Reads::kUnion,
     .kernel = run_union},
    {.name = "combine",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kWithArgument,
     .reads = Reads::kCombine,
     .kernel = run_combine},
    {.name = "coalesce",
     .arguments = between(1, 32, kAnyValue),
     .returns = Returns::kAnything,
     .reads = Reads::kWhole,
     .kernel = run_coalesce},
};

constexpr FunctionRow kCollectionOperators[] = {
    {.name = "|",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kWithArgument,
     .reads = Reads::kUnion,
     .kernel = run_union},
    {.name = "in",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kBoolean,
     .reads = Reads::kEquality,
     .compares = Compares::kMembers,
     .kernel = run_in},
    {.name = "contains",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kBoolean,
     .reads = Reads::kEquality,
     .compares = Compares::kMembers,
     .kernel = run_contains},
};

}  // namespace

std::span<const FunctionRow> combining_functions() { return kCombiningFunctions; }
std::span<const FunctionRow> collection_operators() { return kCollectionOperators; }

}  // namespace kiln::fhirpath
