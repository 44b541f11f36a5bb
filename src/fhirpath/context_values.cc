// What an item is: its System value, read from the JSON of its element, and its type. A value whose
// JSON is not of the kind that its element's type has (a number in quotes) is a misfit, which ends
// the run unless it is lenient.
#include "base/number.h"
#include "fhirpath/context.h"
#include "fhirpath/json_kind.h"
#include "fhirpath/typing.h"
#include "json/text.h"

namespace kiln::fhirpath {

std::string_view Context::string_of(const json::Node& node) {
  if (!node.escaped) return node.view();
  if (!step_text(node.length) || !make_room(node.length)) return {};
  char* const text = arena_.make_array<char>(node.length);
  return {text, json::unescape_to(text, node.view())};
}

const json::Node* Context::member(uint32_t object, fhir::NameId name) {
  const json::Tape& tape = *tape_;
  for (uint32_t i = object + 1; i < tape[object].end; i = tape[i].end) {
    if (!step()) return nullptr;
    if (tape[i].name == name) return &tape[i];
  }
  return nullptr;
}

const json::Node* Context::string_member(uint32_t object, fhir::NameId name) {
  const json::Node* const found = member(object, name);
  if (found == nullptr || found->kind == json::NodeKind::kString) return found;
  if (found->kind != json::NodeKind::kNull) misfit(*found, "string");
  return nullptr;
}

std::string_view Context::text_member(uint32_t object, fhir::NameId name) {
  const json::Node* const found = string_member(object, name);
  return found == nullptr ? std::string_view() : string_of(*found);
}

bool Context::is_of_kind(const Item& item) const {
  if (item.kind != ItemKind::kElement || item.node == kNoNode) return true;
  return (json_kinds_of(model_, item.type) & json_kind(node(item.node).kind)) != 0;
}

bool Context::misfit(const json::Node& node, std::string_view type) {
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

bool Context::value_of(const Item& item, Item& value) {
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

bool Context::value_of_number(const Item& item, const json::Node& source, fhir::TypeId system,
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

bool Context::value_of_text(const Item& item, const json::Node& source, fhir::TypeId system,
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

TypeInfo Context::type_info(const Item& item) const {
  if (item.kind == ItemKind::kTypeInfo) return {"System", "SimpleTypeInfo"};
  if (item.type == fhir::kNoType) return {"FHIR", "unknown"};
  if (item.kind == ItemKind::kElement && item.type >= fhir::kFirstFhirType) {
    const std::string_view name = model_.name(item.type);
    return {"FHIR",
            name.find('.') == std::string_view::npos ? name : model_.name(model_.base(item.type))};
  }
  return {"System", model_.name(item.type)};
}

bool Context::is_of_type(const Item& item, const NamedType& named) const {
  if (item.type == fhir::kNoType) return false;
  if (item.type < fhir::kFirstFhirType) {
    return named.system != fhir::kNoType &&
           (item.type == named.system || named.system == fhir::kSystemAny);
  }
  return named.fhir != fhir::kNoType && model_.is_subtype(item.type, named.fhir);
}

bool Context::is_of_named_type(const Item& item, const NamedType& named) const {
  if (item.type < fhir::kFirstFhirType) return is_of_type(item, named);
  return is_named_type(model_, item.type, named.fhir);
}

}  // namespace kiln::fhirpath
