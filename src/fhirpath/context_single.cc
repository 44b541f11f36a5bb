// The one item, or value, that most functions work on.
#include "fhirpath/context.h"

namespace kiln::fhirpath {

One<Item> Context::single(const Instruction& instruction, const Collection& collection) {
  if (collection.size == 1) return collection[0];
  if (collection.size == 0) return {};
  fail(instruction, "expected a single item, got " + std::to_string(collection.size));
  return One<Item>::failure();
}

One<Item> Context::single_value(const Instruction& instruction, const Collection& collection) {
  const One<Item> item = single(instruction, collection);
  if (!item) return item;
  Item value;
  return value_of(*item, value) ? One<Item>(value) : One<Item>();
}

One<std::string_view> Context::single_string(const Instruction& instruction,
                                             const Collection& collection) {
  using Text = One<std::string_view>;
  const One<Item> item = single(instruction, collection);
  if (!item) return item.failed() ? Text::failure() : Text();
  Item value;
  if (!value_of(*item, value)) {
    if (item->type != fhir::kNoType && model_.system_type(item->type) != fhir::kNoType) {
      return {};  // a primitive without a value
    }
    value = *item;
  }
  if (value.kind != ItemKind::kString) {
    fail(instruction, "expected a String, got " + std::string(type_info(value).name));
    return Text::failure();
  }
  return step_text(value.text().size()) ? Text(value.text()) : Text::failure();
}

One<int64_t> Context::single_integer(const Instruction& instruction, const Collection& collection) {
  using Integer = One<int64_t>;
  const One<Item> value = single_value(instruction, collection);
  if (!value) return value.failed() ? Integer::failure() : Integer();
  if (value->kind == ItemKind::kInteger) return value->integer;
  fail(instruction, "expected an Integer, got " + std::string(type_info(*value).name));
  return Integer::failure();
}

One<bool> Context::single_boolean(const Instruction& instruction, const Collection& collection) {
  const One<Item> item = single(instruction, collection);
  if (!item) return item.failed() ? One<bool>::failure() : One<bool>();
  Item value;
  if (value_of(*item, value)) return value.kind != ItemKind::kBoolean || value.boolean;
  // Without a value, or with one that is not of its type.
  if (error_) return One<bool>::failure();
  const bool complex = model_.kind(item->type) != fhir::TypeKind::kPrimitive;
  return item->node != kNoNode && complex ? One<bool>(true) : One<bool>();
}

One<Item> Context::input_item(const Instruction& instruction) {
  Collection items;
  return input(instruction, items) ? single(instruction, items) : One<Item>::failure();
}

One<Item> Context::input_value(const Instruction& instruction) {
  Collection items;
  return input(instruction, items) ? single_value(instruction, items) : One<Item>::failure();
}

One<std::string_view> Context::input_string(const Instruction& instruction) {
  Collection items;
  if (!input(instruction, items)) return One<std::string_view>::failure();
  return single_string(instruction, items);
}

One<bool> Context::input_boolean(const Instruction& instruction) {
  Collection items;
  return input(instruction, items) ? single_boolean(instruction, items) : One<bool>::failure();
}

One<Item> Context::argument_value(const Instruction& instruction, size_t index) {
  Collection items;
  if (!argument(instruction, index, items)) return One<Item>::failure();
  return single_value(instruction, items);
}

One<std::string_view> Context::argument_string(const Instruction& instruction, size_t index) {
  Collection items;
  if (!argument(instruction, index, items)) return One<std::string_view>::failure();
  return single_string(instruction, items);
}

One<int64_t> Context::argument_integer(const Instruction& instruction, size_t index) {
  Collection items;
  if (!argument(instruction, index, items)) return One<int64_t>::failure();
  return single_integer(instruction, items);
}

One<bool> Context::argument_boolean(const Instruction& instruction, size_t index) {
  Collection items;
  if (!argument(instruction, index, items)) return One<bool>::failure();
  return single_boolean(instruction, items);
}

One<bool> Context::boolean_for(const Instruction& instruction, size_t index, const Item& item,
                               int64_t item_index) {
  Collection items;
  if (!eval_for(argument_id(instruction, index), item, item_index, items)) {
    return One<bool>::failure();
  }
  return single_boolean(instruction, items);
}

}  // namespace kiln::fhirpath
