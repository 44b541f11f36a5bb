// FHIRPath §5.2 Filtering and projection, §7 Aggregates, and sort() of the draft after 2.0.
#include <algorithm>
#include <vector>

#include "fhirpath/functions/families.h"
#include "fhirpath/item_set.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_where(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList kept(context.arena());
  for (uint32_t i = 0; i < input.size; ++i) {
    const One<bool> holds = context.boolean_for(instruction, 0, input[i], i);
    if (holds.failed()) return false;
    if (holds.value_or(false)) kept.push(input[i]);
  }
  out = kept.collection();
  return true;
}

bool run_select(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  const InstructionId projection = context.argument_id(instruction, 0);
  for (uint32_t i = 0; i < input.size; ++i) {
    Collection value;
    if (!context.eval_for(projection, input[i], i, value)) return false;
    if (!context.step(value.size) || !context.make_room(value.size * sizeof(Item))) {
      return false;
    }
    result.push_all(value);
  }
  out = result.collection();
  return true;
}

/// Collects what the projection yields, and again of that, each item once. Elements are told apart
/// by where they stand; other values by equality.
bool run_repeat(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  const InstructionId projection = context.argument_id(instruction, 0);
  if (!context.step_text(context.tape().size())) return false;
  std::vector<bool> seen_nodes(context.tape().size(), false);
  ItemSet seen_values(context);
  const auto see = [&](const Item& item, bool& is_new) {
    if (item.kind != ItemKind::kElement || item.node == kNoNode) {
      return seen_values.insert(item, is_new);
    }
    is_new = !seen_nodes[item.node];
    seen_nodes[item.node] = true;
    return context.step();
  };
  ItemList queue(context.arena());
  queue.push_all(input);
  for (uint32_t i = 0; i < queue.size(); ++i) {
    const Item item = queue[i];
    Collection value;
    if (!context.eval_for(projection, item, i, value)) return false;
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

bool run_repeat_all(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  const InstructionId projection = context.argument_id(instruction, 0);
  ItemList queue(context.arena());
  queue.push_all(input);
  for (uint32_t i = 0; i < queue.size(); ++i) {
    const Item item = queue[i];
    Collection value;
    if (!context.eval_for(projection, item, i, value)) return false;
    if (!context.step(value.size) || !context.make_room(value.size * 2 * sizeof(Item))) {
      return false;
    }
    result.push_all(value);
    queue.push_all(value);
  }
  out = result.collection();
  return true;
}

bool run_aggregate(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  Collection total;
  if (context.has_argument(instruction, 1) && !context.argument(instruction, 1, total)) {
    return false;
  }
  const Collection outer = context.total();
  bool ok = true;
  for (uint32_t i = 0; i < input.size && ok; ++i) {
    context.set_total(total);
    ok = context.eval_for(context.argument_id(instruction, 0), input[i], i, total);
  }
  context.set_total(outer);
  out = total;
  return ok;
}

/// sort(): by the items themselves, or by one key after the other; `data` has a bit for each key
/// that was written with a minus sign, which means descending. Empty keys come first.
bool run_sort(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  const size_t keys = std::max<size_t>(1, instruction.argument_count);
  struct Row {
    uint32_t index;
    Collection* keys;
  };
  // Twice: sorting needs room, too.
  if (!context.make_room(2 * uint64_t{input.size} * (sizeof(Row) + keys * sizeof(Collection)))) {
    return false;
  }
  std::vector<Row> rows;
  rows.reserve(input.size);
  for (uint32_t i = 0; i < input.size; ++i) {
    if (!context.step(keys)) return false;
    Row row{i, context.arena().make_array<Collection>(keys)};
    for (size_t k = 0; k < instruction.argument_count; ++k) {
      if (!context.eval_for(context.argument_id(instruction, k), input[i], i, row.keys[k])) {
        return false;
      }
      if (row.keys[k].size > 1) return context.fail(instruction, "a key with several items");
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
        const Order order = order_items(context, a.keys[k][0], b.keys[k][0]);
        if (order.kind == Order::Kind::kIncomparable) comparable = false;
        sign = order.sign;
      }
      if (sign != 0) return ((instruction.data >> k) & 1) != 0 ? sign > 0 : sign < 0;
    }
    return false;
  };
  std::stable_sort(rows.begin(), rows.end(), before);
  if (context.failed()) return false;
  if (!comparable) return context.fail(instruction, "the keys cannot be compared");
  ItemList result(context.arena());
  for (const Row& row : rows) result.push(input[row.index]);
  out = result.collection();
  return true;
}

constexpr Argument kSortKey = {Pass::kLambda, Expect::kAnything, true};

constexpr FunctionRow kFilteringFunctions[] = {
    {.name = "where",
     .arguments = exactly(kLambda),
     .returns = Returns::kInput,
     .reads = Reads::kItems,
     .implies = Implies::kCriteria,
     .kernel = run_where},
    {.name = "select",
     .arguments = exactly(kLambda),
     .returns = Returns::kArgument,
     .reads = Reads::kProjection,
     .kernel = run_select},
    {.name = "repeat",
     .arguments = exactly(kLambda),
     .returns = Returns::kRepeat,
     .reads = Reads::kRepeat,
     .kernel = run_repeat},
    {.name = "repeatAll",
     .arguments = exactly(kLambda),
     .returns = Returns::kRepeat,
     .reads = Reads::kRepeat,
     .kernel = run_repeat_all},
    {.name = "aggregate",
     .arguments = between(1, 2, kLambda, kAnyValue),
     .returns = Returns::kAnything,
     .reads = Reads::kWhole,
     .has_total = true,
     .kernel = run_aggregate},
    {.name = "sort",
     .arguments = between(0, 8, kSortKey),
     .returns = Returns::kInput,
     .reads = Reads::kItems,
     .kernel = run_sort},
};

}  // namespace

std::span<const FunctionRow> filtering_functions() { return kFilteringFunctions; }

}  // namespace kiln::fhirpath
