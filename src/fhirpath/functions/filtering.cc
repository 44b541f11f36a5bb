// FHIRPath §5.2 Filtering and projection, §7 Aggregates, and sort() of the draft after 2.0.
#include <algorithm>
#include <vector>

#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

bool run_where(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList kept(evaluation.arena());
  const InstructionId criteria = evaluation.argument_id(instruction, 0);
  for (uint32_t i = 0; i < input.size; ++i) {
    Collection value;
    if (!evaluation.eval_for(criteria, input[i], i, value)) return false;
    bool holds = false;
    const Single state = evaluation.single_boolean(instruction, value, holds);
    if (state == Single::kFailed) return false;
    if (state == Single::kOne && holds) kept.push(input[i]);
  }
  out = kept.collection();
  return true;
}

bool run_select(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  const InstructionId projection = evaluation.argument_id(instruction, 0);
  for (uint32_t i = 0; i < input.size; ++i) {
    Collection value;
    if (!evaluation.eval_for(projection, input[i], i, value)) return false;
    if (!evaluation.step(value.size) || !evaluation.make_room(value.size * sizeof(Item))) {
      return false;
    }
    result.push_all(value);
  }
  out = result.collection();
  return true;
}

/// Collects what the projection yields, and again of that, each item once. Elements are told apart
/// by where they stand; other values by equality.
bool run_repeat(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  const InstructionId projection = evaluation.argument_id(instruction, 0);
  if (!evaluation.step_text(evaluation.tape().size())) return false;
  std::vector<bool> seen_nodes(evaluation.tape().size(), false);
  ItemSet seen_values(evaluation);
  const auto see = [&](const Item& item, bool& is_new) {
    if (item.kind != ItemKind::kElement || item.node == kNoNode) {
      return seen_values.insert(item, is_new);
    }
    is_new = !seen_nodes[item.node];
    seen_nodes[item.node] = true;
    return evaluation.step();
  };
  ItemList queue(evaluation.arena());
  queue.push_all(input);
  for (uint32_t i = 0; i < queue.size(); ++i) {
    const Item item = queue[i];
    Collection value;
    if (!evaluation.eval_for(projection, item, i, value)) return false;
    for (const Item& next : value) {
      bool is_new = false;
      if (!see(next, is_new)) return false;
      if (!is_new) continue;
      result.push(next);
      queue.push(next);
    }
  }
  out = result.collection();
  return true;
}

bool run_repeat_all(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  const InstructionId projection = evaluation.argument_id(instruction, 0);
  ItemList queue(evaluation.arena());
  queue.push_all(input);
  for (uint32_t i = 0; i < queue.size(); ++i) {
    const Item item = queue[i];
    Collection value;
    if (!evaluation.eval_for(projection, item, i, value)) return false;
    if (!evaluation.step(value.size) || !evaluation.make_room(value.size * 2 * sizeof(Item))) {
      return false;
    }
    result.push_all(value);
    queue.push_all(value);
  }
  out = result.collection();
  return true;
}

bool run_aggregate(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  Collection total;
  if (evaluation.has_argument(instruction, 1) && !evaluation.argument(instruction, 1, total)) {
    return false;
  }
  const Collection outer = evaluation.total();
  bool ok = true;
  for (uint32_t i = 0; i < input.size && ok; ++i) {
    evaluation.set_total(total);
    ok = evaluation.eval_for(evaluation.argument_id(instruction, 0), input[i], i, total);
  }
  evaluation.set_total(outer);
  out = total;
  return ok;
}

/// sort(): by the items themselves, or by one key after the other; `data` has a bit for each key
/// that was written with a minus sign, which means descending. Empty keys come first.
bool run_sort(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  const size_t keys = std::max<size_t>(1, instruction.argument_count);
  struct Row {
    uint32_t index;
    Collection* keys;
  };
  // Twice: sorting needs room, too.
  if (!evaluation.make_room(2 * uint64_t{input.size} * (sizeof(Row) + keys * sizeof(Collection)))) {
    return false;
  }
  std::vector<Row> rows;
  rows.reserve(input.size);
  for (uint32_t i = 0; i < input.size; ++i) {
    if (!evaluation.step(keys)) return false;
    Row row{i, evaluation.arena().make_array<Collection>(keys)};
    for (size_t k = 0; k < instruction.argument_count; ++k) {
      if (!evaluation.eval_for(evaluation.argument_id(instruction, k), input[i], i, row.keys[k])) {
        return false;
      }
      if (row.keys[k].size > 1) return evaluation.fail(instruction, "a key with several items");
    }
    if (instruction.argument_count == 0) row.keys[0] = {&input.items[i], 1};
    rows.push_back(row);
  }
  bool comparable = true;
  const auto before = [&](const Row& a, const Row& b) {
    for (size_t k = 0; k < keys; ++k) {
      int sign = 0;
      if (a.keys[k].empty() || b.keys[k].empty()) {
        sign = static_cast<int>(a.keys[k].size) - static_cast<int>(b.keys[k].size);
      } else {
        // Once it is refused, nothing stands before anything, and sorting is soon done.
        const Order order = order_items(evaluation, a.keys[k][0], b.keys[k][0]);
        if (order.kind == Order::Kind::kIncomparable) comparable = false;
        sign = order.sign;
      }
      if (sign != 0) return ((instruction.data >> k) & 1) != 0 ? sign > 0 : sign < 0;
    }
    return false;
  };
  std::stable_sort(rows.begin(), rows.end(), before);
  if (evaluation.failed()) return false;
  if (!comparable) return evaluation.fail(instruction, "the keys cannot be compared");
  ItemList result(evaluation.arena());
  for (const Row& row : rows) result.push(input[row.index]);
  out = result.collection();
  return true;
}

constexpr FunctionRow kFilteringFunctions[] = {
    {"where", 1, 1, {kLambda}, Expect::kAnything, Returns::kInput, Reads::kItems, run_where},
    {"select",
     1,
     1,
     {kLambda},
     Expect::kAnything,
     Returns::kArgument,
     Reads::kProjection,
     run_select},
    {"repeat", 1, 1, {kLambda}, Expect::kAnything, Returns::kRepeat, Reads::kRepeat, run_repeat},
    {"repeatAll",
     1,
     1,
     {kLambda},
     Expect::kAnything,
     Returns::kRepeat,
     Reads::kRepeat,
     run_repeat_all},
    {"aggregate",
     1,
     2,
     {kLambda, kAnyValue},
     Expect::kAnything,
     Returns::kAnything,
     Reads::kWhole,
     run_aggregate},
    {"sort",
     0,
     8,
     {kLambda, kLambda, kLambda},
     Expect::kAnything,
     Returns::kInput,
     Reads::kItems,
     run_sort},
};

}  // namespace

std::span<const FunctionRow> filtering_functions() { return kFilteringFunctions; }

}  // namespace kiln::fhirpath
