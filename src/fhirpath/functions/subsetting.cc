// FHIRPath §5.3 Subsetting, and the indexer collection[index] (§4.3).
#include <algorithm>

#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

Collection slice(const Collection& collection, int64_t skip, int64_t take) {
  const auto size = static_cast<int64_t>(collection.size);
  skip = std::clamp<int64_t>(skip, 0, size);
  take = std::clamp<int64_t>(take, 0, size - skip);
  return {collection.items + skip, static_cast<uint32_t>(take)};
}

bool run_single(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  if (!evaluation.input(instruction, out)) return false;
  return evaluation.single(instruction, out) != Single::kFailed;
}

bool run_first(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  out = slice(input, 0, 1);
  return true;
}

bool run_last(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  out = slice(input, int64_t{input.size} - 1, 1);
  return true;
}

bool run_tail(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  out = slice(input, 1, input.size);
  return true;
}

/// skip(n), take(n) and [n]: the count, or nothing.
template <typename Slice>
bool with_count(Evaluation& evaluation, const Instruction& instruction, Collection& out,
                Slice cut) {
  Collection input;
  Collection argument;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, argument)) return false;
  int64_t count = 0;
  switch (evaluation.single_integer(instruction, argument, count)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  out = cut(input, count);
  return true;
}

bool run_skip(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  return with_count(evaluation, instruction, out, [](const Collection& input, int64_t count) {
    return slice(input, count, input.size);
  });
}

bool run_take(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  return with_count(evaluation, instruction, out,
                    [](const Collection& input, int64_t count) { return slice(input, 0, count); });
}

bool run_indexer(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  return with_count(evaluation, instruction, out, [](const Collection& input, int64_t index) {
    return index < 0 ? Collection() : slice(input, index, 1);
  });
}

bool run_intersect(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  ItemSet others(evaluation);
  if (!others.insert_all(other)) return false;
  ItemSet kept(evaluation);
  ItemList result(evaluation.arena());
  for (const Item& item : input) {
    bool found = false;
    if (!others.contains(item, found)) return false;
    if (found && !append_distinct({&item, 1}, kept, result)) return false;
  }
  out = result.collection();
  return true;
}

bool run_exclude(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection other;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, other)) return false;
  ItemSet others(evaluation);
  if (!others.insert_all(other)) return false;
  ItemList result(evaluation.arena());
  for (const Item& item : input) {
    bool found = false;
    if (!others.contains(item, found)) return false;
    if (!found) result.push(item);
  }
  out = result.collection();
  return true;
}

constexpr FunctionRow kSubsettingFunctions[] = {
    {"single", 0, 0, {}, Expect::kAnything, Returns::kInputItem, Reads::kItems, run_single},
    {"first", 0, 0, {}, Expect::kAnything, Returns::kInputItem, Reads::kFirst, run_first, true},
    {"last", 0, 0, {}, Expect::kAnything, Returns::kInputItem, Reads::kItems, run_last, true},
    {"tail", 0, 0, {}, Expect::kAnything, Returns::kInput, Reads::kItems, run_tail, true},
    {"skip",
     1,
     1,
     {kIntegerValue},
     Expect::kAnything,
     Returns::kInput,
     Reads::kItems,
     run_skip,
     true},
    {"take",
     1,
     1,
     {kIntegerValue},
     Expect::kAnything,
     Returns::kInput,
     Reads::kItems,
     run_take,
     true},
    {"[]",
     1,
     1,
     {kIntegerValue},
     Expect::kAnything,
     Returns::kInputItem,
     Reads::kPosition,
     run_indexer,
     true},
    {"intersect",
     1,
     1,
     {kAnyValue},
     Expect::kAnything,
     Returns::kInput,
     Reads::kUnion,
     run_intersect},
    {"exclude", 1, 1, {kAnyValue}, Expect::kAnything, Returns::kInput, Reads::kUnion, run_exclude},
};

}  // namespace

std::span<const FunctionRow> subsetting_functions() { return kSubsettingFunctions; }

}  // namespace kiln::fhirpath
