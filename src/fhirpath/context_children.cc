// Going from items to their children. A list's items and those of its "_" array belong together by
// position, a choice is found by its keys, and a resource within a resource tells its own type.
// walk() follows a compiled path: where a step knows its key and type it goes straight to it, else
// it asks the model; it stops as soon as a position that was picked has been reached.
#include <algorithm>
#include <array>

#include "fhir/element_names.h"
#include "fhir/key_names.h"
#include "fhirpath/context.h"
#include "fhirpath/typing.h"
#include "json/shape.h"

namespace kiln::fhirpath {

fhir::TypeId Context::resource_type_of(uint32_t object) const {
  const uint32_t type = tape_->member(object, fhir::names::kResourceType);
  if (type == kNoNode || node(type).kind != json::NodeKind::kString) return fhir::kNoType;
  return model_.find_resource(node(type).view());
}

template <typename Function>
bool Context::for_each_value(uint32_t object, fhir::NameId json, fhir::TypeId type, bool siblings,
                             Function function) {
  const json::Tape& tape = *tape_;
  const json::Node& holder = tape[object];
  if (holder.kind != json::NodeKind::kObject) {
    return holder.kind == json::NodeKind::kNull || misfit(holder, "an object") || lenient_;
  }
  uint32_t value = kNoNode;
  uint32_t sibling = kNoNode;
  uint32_t looked_at = 0;
  for (uint32_t i = object + 1; i < holder.end; i = tape[i].end, ++looked_at) {
    if (tape[i].name == json && value == kNoNode) {
      value = i;
      if (!siblings) break;
    } else if (tape[i].name == (json | fhir::kSiblingFlag) && siblings) {
      sibling = i;
    }
  }
  Item item;
  item.type = type;
  const auto resolve_type = [&] {
    item.type = type;
    if (type != fhir::kNoType && item.node != kNoNode && model_.is_abstract(type) &&
        model_.kind(type) == fhir::TypeKind::kResource) {
      item.type = resource_type_of(item.node);
    }
  };
  const bool list = (value != kNoNode && tape[value].kind == json::NodeKind::kArray) ||
                    (sibling != kNoNode && tape[sibling].kind == json::NodeKind::kArray);
  if (!list) {
    const bool null = value != kNoNode && tape[value].kind == json::NodeKind::kNull;
    item.node = null ? kNoNode : value;
    item.sibling = sibling;
    const bool none = item.node == kNoNode && sibling == kNoNode;
    if (!step(looked_at + (none ? 0 : 1))) return false;
    if (none) return true;
    resolve_type();
    function(item);
    return true;
  }
  if (!step(looked_at)) return false;
  // Items of the two arrays belong together by position; null stands for nothing at all.
  const auto bounds = [&](uint32_t array) -> std::pair<uint32_t, uint32_t> {
    if (array == kNoNode || tape[array].kind != json::NodeKind::kArray) return {0, 0};
    return {array + 1, tape[array].end};
  };
  auto [at, end] = bounds(value);
  auto [sibling_at, sibling_end] = bounds(sibling);
  while (at < end || sibling_at < sibling_end) {
    item.node = kNoNode;
    item.sibling = kNoNode;
    if (at < end) {
      if (tape[at].kind != json::NodeKind::kNull) item.node = at;
      at = tape[at].end;
    }
    if (sibling_at < sibling_end) {
      if (tape[sibling_at].kind == json::NodeKind::kObject) item.sibling = sibling_at;
      sibling_at = tape[sibling_at].end;
    }
    resolve_type();
    if (!step()) return false;
    if (!function(item)) return true;
  }
  return true;
}

/// One run of a path. Emits items of the last step; `finished` once a picked position was reached,
/// after which nothing more can come.
struct Context::Walk {
  Context& context;
  const Path& path;
  ItemList& out;
  std::array<uint32_t, kMostPathSteps> positions;
  bool finished = false;

  Walk(Context& its_context, const Path& its_path, ItemList& its_out)
      : context(its_context), path(its_path), out(its_out) {
    std::fill_n(positions.begin(), path.steps.size(), 0);
  }

  /// False: refused by a limit.
  [[nodiscard]] bool level(size_t depth, const Item& item) {
    if (depth == path.steps.size()) {
      out.push(item);
      return true;
    }
    const PathStep& step = path.steps[depth];
    if (item.type == step.parent && step.parent != fhir::kNoType) {
      return field(depth, step, item.node, step.json, step.child);
    }
    return dynamic(depth, step, item);
  }

  /// The parent's type is not what was expected at compile time, or was not known.
  [[nodiscard]] bool dynamic(size_t depth, const PathStep& step, const Item& item) {
    if (step.only == fhir::kNoType) {
      ItemList children(context.arena_);
      if (!context.append_children(item, step.element, children)) return false;
      for (const Item& child : children) {
        if (!emit(depth, step, child)) return false;
        if (finished) break;
      }
      return true;
    }
    if (item.type == fhir::kNoType || item.node == kNoNode) return true;
    for (const fhir::Field& row : context.model_.element(item.type, step.element)) {
      if (!is_named_type(context.model_, row.type, step.only)) continue;
      if (!field(depth, step, item.node, row.json, row.type)) return false;
      if (finished) break;
    }
    return true;
  }

  [[nodiscard]] bool emit(size_t depth, const PathStep& step, const Item& item) {
    if (step.pick == json::kAllItems) return level(depth + 1, item);
    if (positions[depth]++ != step.pick) return true;
    if (!level(depth + 1, item)) return false;
    finished = true;
    return true;
  }

  [[nodiscard]] bool field(size_t depth, const PathStep& step, uint32_t object, fhir::NameId json,
                           fhir::TypeId type) {
    if (object == kNoNode) return true;
    bool ok = true;
    const auto emit_each = [&](const Item& item) {
      ok = emit(depth, step, item);
      return ok && !finished;
    };
    return context.for_each_value(object, json, type, step.siblings, emit_each) && ok;
  }
};

bool Context::append_children(const Item& item, fhir::NameId element, ItemList& out) {
  if (item.kind == ItemKind::kTypeInfo) {
    const std::string_view name = fhir::text_of(element);
    if (name == "name") out.push(Item::of_string(item.type_info->name));
    if (name == "namespace") out.push(Item::of_string(item.type_info->space));
    return true;
  }
  if (item.kind == ItemKind::kQuantity) {
    const std::string_view name = fhir::text_of(element);
    if (name == "value") out.push(Item::of_decimal(&item.quantity->value));
    if (name == "unit") out.push(Item::of_string(item.quantity->unit));
    return true;
  }
  if (item.kind != ItemKind::kElement || item.type == fhir::kNoType) return true;
  const bool primitive = model_.kind(item.type) == fhir::TypeKind::kPrimitive;
  if (primitive && element == fhir::names::kValue) {
    Item value;
    if (value_of(item, value)) out.push(value);
    return true;
  }
  const uint32_t object = primitive ? item.sibling : item.node;
  if (object == kNoNode) return true;
  const auto push = [&](const Item& child) {
    out.push(child);
    return true;
  };
  for (const fhir::Field& row : model_.element(item.type, element)) {
    const bool siblings = model_.kind(row.type) == fhir::TypeKind::kPrimitive;
    if (!for_each_value(object, row.json, row.type, siblings, push)) return false;
  }
  return true;
}

bool Context::append_all_children(const Item& item, ItemList& out) {
  if (item.kind != ItemKind::kElement || item.type == fhir::kNoType) return true;
  const bool primitive = model_.kind(item.type) == fhir::TypeKind::kPrimitive;
  const uint32_t object = primitive ? item.sibling : item.node;
  if (object == kNoNode || node(object).kind != json::NodeKind::kObject) return true;
  const json::Tape& tape = *tape_;
  const auto push = [&](const Item& child) {
    out.push(child);
    return true;
  };
  const uint32_t end = tape[object].end;
  for (uint32_t i = object + 1; i < end; i = tape[i].end) {
    if (!step()) return false;
    const auto json = static_cast<fhir::NameId>(tape[i].name & ~fhir::kSiblingFlag);
    const bool is_sibling = (tape[i].name & fhir::kSiblingFlag) != 0;
    const fhir::Field* const row = json == 0 ? nullptr : model_.json_field(item.type, json);
    if (row == nullptr) continue;
    if (is_sibling) {
      // Seen with its value, unless it has none.
      bool has_value = false;
      uint32_t looked_at = 0;
      for (uint32_t j = object + 1; j < end && !has_value; j = tape[j].end, ++looked_at) {
        has_value = tape[j].name == json;
      }
      if (!step(looked_at)) return false;
      if (has_value) continue;
    }
    const bool siblings = model_.kind(row->type) == fhir::TypeKind::kPrimitive;
    if (!for_each_value(object, json, row->type, siblings, push)) return false;
  }
  return true;
}

bool Context::walk(const Path& path, const Collection& from, ItemList& out) {
  Walk walk(*this, path, out);
  for (const Item& item : from) {
    if (!walk.level(0, item)) return false;
    if (walk.finished) break;
  }
  return true;
}

}  // namespace kiln::fhirpath
