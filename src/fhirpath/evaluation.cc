#include "fhirpath/evaluation.h"

#include <algorithm>
#include <array>

#include "base/guarded.h"
#include "base/number.h"
#include "fhir/element_names.h"
#include "fhir/key_names.h"
#include "fhirpath/json_kind.h"
#include "fhirpath/pattern.h"
#include "fhirpath/typing.h"
#include "json/shape.h"
#include "json/text.h"

namespace kiln::fhirpath {
Evaluation::Evaluation(const fhir::Model& model, base::WallTime now, Limits limits)
    : model_(model),
      now_(now),
      limits_(limits),
      arena_(limits.reservation, limits.memory),
      patterns_(std::make_unique<Patterns>()) {}
Evaluation::~Evaluation() = default;

void Evaluation::begin(const json::Tape& tape, fhir::TypeId resource_type) {
  arena_.reset();
  tape_ = &tape;
  steps_ = 0;
  most_steps_ = limits_.steps + limits_.steps_per_node * tape.size();
  next_check_ = 0;
  row_index_ = 0;
  error_.reset();
  error_place_ = nullptr;
  root_ = Item();
  root_.type = resource_type;
  root_.node = tape.size() == 0 ? kNoNode : 0;
}

bool Evaluation::run(const Program& program, const Item& focus, Collection& out) {
  program_ = &program;
  this_ = {&focus, 1};
  index_ = 0;
  total_ = {};
  misfit_counted_ = false;
  try {
    // Kernels take a misfit for a missing value and go on: what they come to does not count.
    return eval(program.root, out) && !error_;
  } catch (const base::ArenaFull&) {
    return no_room();
  } catch (const std::bad_alloc& refused) {
    next_check_ = 0;
    if (!error_) error_ = base::error_of(refused);
    return false;
  }
}

base::Error Evaluation::take_error() {
  base::Error error = error_ ? std::move(*error_)
                             : base::Error(base::ErrorCode::kInternal, "no error was recorded");
  error_.reset();
  return error;
}

bool Evaluation::check_limits() {
  static constexpr uint64_t kStepsBetweenChecks = 4096;
  if (error_) return false;
  if (steps_ > most_steps_) return over_limit("takes too many steps");
  if (arena_.used() > limits_.memory) return no_room();
  if (stop_.stop_requested()) {
    error_ = base::Error(base::ErrorCode::kCancelled, "the evaluation was stopped");
    next_check_ = 0;
    return false;
  }
  next_check_ = std::min(steps_ + kStepsBetweenChecks, most_steps_ + 1);
  return true;
}

bool Evaluation::no_room() { return over_limit("needs too much memory"); }

bool Evaluation::over_limit(std::string_view what) {
  next_check_ = 0;
  if (error_) return false;
  error_ = base::Error(base::ErrorCode::kLimit,
                       "the expression " + std::string(what) + " on one resource")
               .with_excerpt(program_ == nullptr ? "" : program_->text, 0);
  return false;
}

bool Evaluation::grow_text(const Instruction& instruction, uint64_t before, uint64_t bytes) {
  if (before + bytes > limits_.string_size) {
    return fail(instruction, "the resulting text is too long", base::ErrorCode::kLimit);
  }
  return step_text(bytes) && make_room(before + bytes);
}

bool Evaluation::fail(const Instruction& instruction, std::string message, base::ErrorCode code) {
  next_check_ = 0;
  if (!error_) {
    if (!instruction.name.empty()) message = std::string(instruction.name) + ": " + message;
    error_ = error_at(program_->text, instruction.span, std::move(message), code);
  }
  return false;
}

bool Evaluation::eval_for(InstructionId id, const Item& item, int64_t index, Collection& out) {
  const Instruction& instruction = program_->code[id];
  if (!step(2)) return false;  // the item and the instruction
  const Collection outer_this = this_;
  const int64_t outer_index = index_;
  this_ = {&item, 1};
  index_ = index;
  const bool ok = instruction.kernel(*this, instruction, out);
  this_ = outer_this;
  index_ = outer_index;
  return ok;
}

// ---- results ----

bool Evaluation::give_boolean(Collection& out, bool value) {
  static const Item kItems[] = {Item::of_boolean(false), Item::of_boolean(true)};
  out = {&kItems[value ? 1 : 0], 1};
  return true;
}

bool Evaluation::give_string(Collection& out, std::string_view text) {
  return give(out, Item::of_string(arena_.copy(text)));
}

bool Evaluation::give_decimal(Collection& out, const std::optional<fhir::Decimal>& value) {
  if (!value) return give_nothing(out);
  return give(out, Item::of_decimal(arena_.make<fhir::Decimal>(*value)));
}

bool Evaluation::give_temporal(Collection& out, const std::optional<fhir::Temporal>& value) {
  if (!value) return give_nothing(out);
  return give(out, Item::of_temporal(arena_.make<fhir::Temporal>(*value)));
}

bool Evaluation::give_quantity(Collection& out, const Quantity& value) {
  return give(out, Item::of_quantity(arena_.make<Quantity>(value)));
}

// ---- reading items ----

std::string_view Evaluation::string_of(const json::Node& node) {
  if (!node.escaped) return node.view();
  if (!step_text(node.length) || !make_room(node.length)) return {};
  char* const text = arena_.make_array<char>(node.length);
  return {text, json::unescape_to(text, node.view())};
}

const json::Node* Evaluation::string_member(uint32_t object, fhir::NameId name) {
  const json::Tape& tape = *tape_;
  for (uint32_t i = object + 1; i < tape[object].end; i = tape[i].end) {
    if (!step()) return nullptr;
    const json::Node& member = tape[i];
    if (member.name != name) continue;
    if (member.kind == json::NodeKind::kString) return &member;
    if (member.kind != json::NodeKind::kNull) misfit(member, "string");
    return nullptr;
  }
  return nullptr;
}

bool Evaluation::is_of_kind(const Item& item) const {
  if (item.kind != ItemKind::kElement || item.node == kNoNode) return true;
  return (json_kinds_of(model_, item.type) & json_kind(node(item.node).kind)) != 0;
}

bool Evaluation::misfit(const json::Node& node, std::string_view type) {
  if (lenient_) {
    if (!misfit_counted_) ++misfits_;
    misfit_counted_ = true;
    return false;
  }
  if (error_) return false;
  const bool text = node.kind == json::NodeKind::kString;
  std::string shown = text ? "\"" + json::shortened(node.view()) + "\"" : "an object or array";
  if (node.kind != json::NodeKind::kObject && node.kind != json::NodeKind::kArray && !text) {
    shown = json::shortened(node.view());
  }
  error_ = base::Error(base::ErrorCode::kInvalid,
                       shown + " does not fit " + std::string(type) + ", its element's type")
               .with_excerpt(program_->text, 0);
  error_place_ = node.begin();
  next_check_ = 0;  // the next step ends the run
  return false;
}

bool Evaluation::value_of(const Item& item, Item& value) {
  if (item.kind != ItemKind::kElement) {
    value = item;
    return true;
  }
  if (item.node == kNoNode) return false;
  const json::Node& source = node(item.node);
  const fhir::TypeId system =
      item.type == fhir::kNoType ? fhir::kNoType : model_.system_type(item.type);
  if (item.type != fhir::kNoType && system == fhir::kNoType) return false;
  if ((json_kinds_of_value(system) & json_kind(source.kind)) == 0) {
    return misfit(source, model_.name(item.type));
  }
  switch (source.kind) {
    case json::NodeKind::kTrue:
    case json::NodeKind::kFalse:
      value = Item::of_boolean(source.kind == json::NodeKind::kTrue);
      return true;
    case json::NodeKind::kNumber:
      return value_of_number(item, source, system, value);
    case json::NodeKind::kString:
      return value_of_text(item, source, system, value);
    default:
      return false;
  }
}

bool Evaluation::value_of_number(const Item& item, const json::Node& source, fhir::TypeId system,
                                 Item& value) {
  const std::string_view text = source.view();
  if (!step_text(text.size())) return false;
  if (system != fhir::kSystemDecimal) {
    if (const auto integer = base::whole_number<int64_t>(text)) {
      value = Item::of_integer(
          *integer, system == fhir::kSystemLong ? fhir::kSystemLong : fhir::kSystemInteger);
      return true;
    }
    if (system != fhir::kNoType) return misfit(source, model_.name(item.type));
  }
  const auto decimal = fhir::Decimal::parse(text);
  if (!decimal) return misfit(source, "decimal");
  value = Item::of_decimal(arena_.make<fhir::Decimal>(*decimal));
  return true;
}

bool Evaluation::value_of_text(const Item& item, const json::Node& source, fhir::TypeId system,
                               Item& value) {
  const std::string_view text = string_of(source);
  if (system == fhir::kSystemLong) {
    const auto integer = base::whole_number<int64_t>(text);
    if (!integer) return misfit(source, model_.name(item.type));
    value = Item::of_integer(*integer, fhir::kSystemLong);
    return true;
  }
  if (!is_temporal(system)) {
    value = Item::of_string(text);
    return true;
  }
  const auto temporal = parse_temporal(system, text);
  // An empty text stands for no date, as many systems write it.
  if (!temporal) return !text.empty() && misfit(source, model_.name(item.type));
  value = Item::of_temporal(arena_.make<fhir::Temporal>(*temporal));
  return true;
}

Evaluation::Single Evaluation::single(const Instruction& instruction,
                                      const Collection& collection) {
  if (collection.size == 1) return Single::kOne;
  if (collection.size == 0) return Single::kNone;
  fail(instruction, "expected a single item, got " + std::to_string(collection.size));
  return Single::kFailed;
}

Evaluation::Single Evaluation::single_value(const Instruction& instruction,
                                            const Collection& collection, Item& value) {
  const Single state = single(instruction, collection);
  if (state != Single::kOne) return state;
  return value_of(collection[0], value) ? Single::kOne : Single::kNone;
}

Evaluation::Single Evaluation::single_string(const Instruction& instruction,
                                             const Collection& collection, std::string_view& text) {
  Item value;
  const Single state = single(instruction, collection);
  if (state != Single::kOne) return state;
  if (!value_of(collection[0], value)) {
    const Item& item = collection[0];
    if (item.type != fhir::kNoType && model_.system_type(item.type) != fhir::kNoType) {
      return Single::kNone;  // a primitive without a value
    }
    fail(instruction, "expected a String, got " + std::string(type_info(item).name));
    return Single::kFailed;
  }
  if (value.kind != ItemKind::kString) {
    fail(instruction, "expected a String, got " + std::string(type_info(value).name));
    return Single::kFailed;
  }
  text = value.text();
  return step_text(text.size()) ? Single::kOne : Single::kFailed;
}

Evaluation::Single Evaluation::single_integer(const Instruction& instruction,
                                              const Collection& collection, int64_t& integer) {
  Item value;
  const Single state = single_value(instruction, collection, value);
  if (state != Single::kOne) return state;
  if (value.kind != ItemKind::kInteger) {
    fail(instruction, "expected an Integer, got " + std::string(type_info(value).name));
    return Single::kFailed;
  }
  integer = value.integer;
  return Single::kOne;
}

Evaluation::Single Evaluation::single_boolean(const Instruction& instruction,
                                              const Collection& collection, bool& boolean) {
  const Single state = single(instruction, collection);
  if (state != Single::kOne) return state;
  Item value;
  if (!value_of(collection[0], value)) {
    // Without a value, or with one that is not of its type.
    const bool complex = model_.kind(collection[0].type) != fhir::TypeKind::kPrimitive;
    if (error_) return Single::kFailed;
    if (collection[0].node == kNoNode || !complex) return Single::kNone;
    boolean = true;
    return Single::kOne;
  }
  boolean = value.kind != ItemKind::kBoolean || value.boolean;
  return Single::kOne;
}

TypeInfo Evaluation::type_info(const Item& item) const {
  if (item.kind == ItemKind::kTypeInfo) return {"System", "SimpleTypeInfo"};
  if (item.type == fhir::kNoType) return {"FHIR", "unknown"};
  if (item.kind == ItemKind::kElement && item.type >= fhir::kFirstFhirType) {
    const std::string_view name = model_.name(item.type);
    return {"FHIR",
            name.find('.') == std::string_view::npos ? name : model_.name(model_.base(item.type))};
  }
  return {"System", model_.name(item.type)};
}

bool Evaluation::is_of_type(const Item& item, fhir::TypeId fhir_type,
                            fhir::TypeId system_type) const {
  if (item.type == fhir::kNoType) return false;
  if (item.type < fhir::kFirstFhirType) {
    return system_type != fhir::kNoType &&
           (item.type == system_type || system_type == fhir::kSystemAny);
  }
  return fhir_type != fhir::kNoType && model_.is_subtype(item.type, fhir_type);
}

bool Evaluation::is_of_named_type(const Item& item, fhir::TypeId fhir_type,
                                  fhir::TypeId system_type) const {
  if (item.type < fhir::kFirstFhirType) return is_of_type(item, fhir_type, system_type);
  return is_named_type(model_, item.type, fhir_type);
}

fhir::TypeId Evaluation::resource_type_of(uint32_t object) const {
  const json::Tape& tape = *tape_;
  const uint32_t end = tape[object].end;
  for (uint32_t i = object + 1; i < end; i = tape[i].end) {
    if (tape[i].name == fhir::names::kResourceType && tape[i].kind == json::NodeKind::kString) {
      return model_.find_resource(tape[i].view());
    }
  }
  return fhir::kNoType;
}

// ---- navigation ----

template <typename Function>
bool Evaluation::for_each_value(uint32_t object, fhir::NameId json, fhir::TypeId type,
                                bool siblings, Function function) {
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
struct Evaluation::Walk {
  Evaluation& evaluation;
  const Path& path;
  ItemList& out;
  std::array<uint32_t, kMostPathSteps> positions;
  bool finished = false;

  Walk(Evaluation& its_evaluation, const Path& its_path, ItemList& its_out)
      : evaluation(its_evaluation), path(its_path), out(its_out) {
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
      ItemList children(evaluation.arena_);
      if (!evaluation.append_children(item, step.element, children)) return false;
      for (const Item& child : children) {
        if (!emit(depth, step, child)) return false;
        if (finished) break;
      }
      return true;
    }
    if (item.type == fhir::kNoType || item.node == kNoNode) return true;
    for (const fhir::Field& row : evaluation.model_.element(item.type, step.element)) {
      if (!is_named_type(evaluation.model_, row.type, step.only)) continue;
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
    return evaluation.for_each_value(object, json, type, step.siblings, emit_each) && ok;
  }
};

bool Evaluation::append_children(const Item& item, fhir::NameId element, ItemList& out) {
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

bool Evaluation::append_all_children(const Item& item, ItemList& out) {
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

bool Evaluation::walk(const Path& path, const Collection& from, ItemList& out) {
  Walk walk(*this, path, out);
  for (const Item& item : from) {
    if (!walk.level(0, item)) return false;
    if (walk.finished) break;
  }
  return true;
}

}  // namespace kiln::fhirpath
