// FHIRPath §5.3 Subsetting, and the indexer collection[index] (§4.3).
#include <algorithm>

#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

Collection slice(const Collection& collection, int64_t skip, int64_t take) {
  const auto size = static_cast<int64_t>(collection.size);
  skip = std::clamp<int64_t>(skip, 0, size);
  take = std::clamp<int64_t>(take, 0, size - skip);
  return {collection.items + skip, static_cast<uint32_t>(take)};
}

bool run_single(Context& context, const Instruction& instruction, Collection& out) {
  if (!context.input(instruction, out)) return false;
  return !context.single(instruction, out).failed();
}

bool run_first(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  out = slice(input, 0, 1);
  return true;
}

bool run_last(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  out = slice(input, int64_t{input.size} - 1, 1);
  return true;
}

bool run_tail(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  out = slice(input, 1, input.size);
  return true;
}

/// skip(n), take(n) and [n]: the count, or nothing.
template <typename Slice>
bool with_count(Context& context, const Instruction& instruction, Collection& out, Slice cut) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  const One<int64_t> count = context.argument_integer(instruction, 0);
  if (!count) return none(out, count);
  out = cut(input, *count);
  return true;
}

bool run_skip(Context& context, const Instruction& instruction, Collection& out) {
  return with_count(context, instruction, out, [](const Collection& input, int64_t count) {
    return slice(input, count, input.size);
  });
}

bool run_take(Context& context, const Instruction& instruction, Collection& out) {
  return with_count(context, instruction, out,
                    [](const Collection& input, int64_t count) { return slice(input, 0, count); });
}

bool run_indexer(Context& context, const Instruction& instruction, Collection& out) {
  return with_count(context, instruction, out, [](const Collection& input, int64_t index) {
    return index < 0 ? Collection() : slice(input, index, 1);
  });
}

bool run_intersect(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  ItemSet others(context);
  if (!others.insert_all(other)) return false;
  ItemSet kept(context);
  ItemList result(context.arena());
  for (const Item& item : input) {
    bool found = false;
    if (!others.contains(item, found)) return false;
    if (found && !append_distinct({&item, 1}, kept, result)) return false;
  }
  out = result.collection();
  return true;
}

bool run_exclude(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!context.sides(instruction, input, other)) return false;
  ItemSet others(context);
  if (!others.insert_all(other)) return false;
  ItemList result(context.arena());
  for (const Item& item : input) {
    bool found = false;
    if (!others.contains(item, found)) return false;
    if (!found) result.push(item);
  }
  out = result.collection();
  return true;
}

constexpr FunctionRow kSubsettingFunctions[] = {
    {.name = "single",
     .returns = Returns::kInputItem,
     .reads = Reads::kItems,
     .kernel = run_single},
    {.name = "first",
     .returns = Returns::kInputItem,
     .reads = Reads::kFirst,
     .needs_order = true,
     .kernel = run_first},
    {.name = "last",
     .returns = Returns::kInputItem,
     .reads = Reads::kItems,
     .needs_order = true,
     .kernel = run_last},
    {.name = "tail",
     .returns = Returns::kInput,
     .reads = Reads::kItems,
     .needs_order = true,
     .kernel = run_tail},
    {.name = "skip",
     .arguments = exactly(kIntegerValue),
     .returns = Returns::kInput,
     .reads = Reads::kItems,
     .needs_order = true,
     .kernel = run_skip},
    {.name = "take",
     .arguments = exactly(kIntegerValue),
     .returns = Returns::kInput,
     .reads = Reads::kItems,
     .needs_order = true,
     .kernel = run_take},
    {.name = "intersect",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kInput,
     .reads = Reads::kUnion,
     .kernel = run_intersect},
    {.name = "exclude",
     .arguments = exactly(kAnyValue),
     .returns = Returns::kInput,
     .reads = Reads::kUnion,
     .kernel = run_exclude},
};

constexpr FunctionRow kSubsettingOperators[] = {
    {.name = "[]",
     .arguments = exactly(kIntegerValue),
     .returns = Returns::kInputItem,
     .reads = Reads::kPosition,
     .needs_order = true,
     .kernel = run_indexer},
};

}  // namespace

std::span<const FunctionRow> subsetting_functions() { return kSubsettingFunctions; }
std::span<const FunctionRow> subsetting_operators() { return kSubsettingOperators; }

}  // namespace kiln::fhirpath
