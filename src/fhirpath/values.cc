// Equality, equivalence and order. Quantities first, as an element of that type is compared by its
// amount in a common unit; then complex elements, as trees of JSON; then System values, numbers by
// their value. What cannot be told, for want of precision or of a common unit, is neither true nor
// false.
#include "fhirpath/values.h"

#include <algorithm>
#include <unordered_map>

#include "fhir/element_names.h"
#include "fhirpath/unicode_case.h"
#include "json/text.h"
#include "json/writer.h"

namespace kiln::fhirpath {
namespace {

constexpr std::string_view kUcumSystem = "http://unitsofmeasure.org";

bool is_complex(const Item& item, Context& context) {
  if (item.kind != ItemKind::kElement || item.node == kNoNode) return false;
  const json::NodeKind kind = context.node(item.node).kind;
  // An object where there should be a primitive is a misfit, which value_of() tells.
  return (kind == json::NodeKind::kObject || kind == json::NodeKind::kArray) &&
         context.model().kind(item.type) != fhir::TypeKind::kPrimitive;
}

/// Reading a unit takes long for its length.
[[nodiscard]] bool step_units(Context& context, const Quantity& a, const Quantity& b) {
  static constexpr uint64_t kStepsPerByte = 16;
  if (a.unit == b.unit) return context.step_text(a.unit.size());
  return context.step(kStepsPerByte * (a.unit.size() + b.unit.size()));
}

/// Folding a text takes some ns a byte, and room.
[[nodiscard]] bool step_folding(Context& context, std::string_view text) {
  static constexpr uint64_t kBytesPerStep = 8;
  return context.step(1 + text.size() / kBytesPerStep) && context.make_room(2 * text.size());
}

bool is_quantity(const fhir::Model& model, const Item& item) {
  return item.kind == ItemKind::kElement && item.type != fhir::kNoType &&
         model.kind(item.type) != fhir::TypeKind::kPrimitive &&
         model.is_subtype(item.type, model.find_type("Quantity"));
}

/// Two JSON values, member by member. Names that FHIR does not know are left out.
class TreeComparison {
 public:
  TreeComparison(Context& context, bool equivalent) : context_(context), equivalent_(equivalent) {}

  bool same(uint32_t a, uint32_t b) {
    if (!context_.step()) return false;
    const json::Node& x = context_.node(a);
    const json::Node& y = context_.node(b);
    switch (x.kind) {
      case json::NodeKind::kObject:
        return y.kind == json::NodeKind::kObject && same_members(a, b) && same_size(a, b);
      case json::NodeKind::kArray:
        return y.kind == json::NodeKind::kArray && same_items(a, b);
      case json::NodeKind::kString:
        if (y.kind != json::NodeKind::kString) return false;
        if (!context_.step_text(uint64_t{x.length} + y.length)) return false;
        return equivalent_ ? folded(context_.string_of(x)) == folded(context_.string_of(y))
                           : context_.string_of(x) == context_.string_of(y);
      case json::NodeKind::kNumber: {
        if (y.kind != json::NodeKind::kNumber) return false;
        const auto p = fhir::Decimal::parse(x.view());
        const auto q = fhir::Decimal::parse(y.view());
        return p && q ? *p == *q : x.view() == y.view();
      }
      default:
        return x.kind == y.kind;
    }
  }

 private:
  size_t member_count(uint32_t object) {
    size_t count = 0;
    size_t looked_at = 0;
    for (uint32_t i = object + 1; i < context_.node(object).end; i = context_.node(i).end) {
      if (context_.node(i).name != 0) ++count;
      ++looked_at;
    }
    return context_.step(looked_at) ? count : SIZE_MAX;
  }
  bool same_size(uint32_t a, uint32_t b) { return member_count(a) == member_count(b); }
  /// Counts a look at each member that is passed by.
  uint32_t next(uint32_t member) {
    return context_.step() ? context_.node(member).end : UINT32_MAX;
  }

  bool same_members(uint32_t a, uint32_t b) {
    const uint32_t a_end = context_.node(a).end;
    const uint32_t b_end = context_.node(b).end;
    for (uint32_t i = a + 1; i < a_end; i = context_.node(i).end) {
      const uint16_t name = context_.node(i).name;
      if (name == 0) continue;
      uint32_t j = b + 1;
      while (j < b_end && context_.node(j).name != name) j = next(j);
      if (j >= b_end || !same(i, j)) return false;
    }
    return true;
  }

  bool same_items(uint32_t a, uint32_t b) {
    uint32_t i = a + 1;
    uint32_t j = b + 1;
    const uint32_t a_end = context_.node(a).end;
    const uint32_t b_end = context_.node(b).end;
    while (i < a_end && j < b_end) {
      if (!same(i, j)) return false;
      i = context_.node(i).end;
      j = context_.node(j).end;
    }
    return i >= a_end && j >= b_end;
  }

  Context& context_;
  bool equivalent_;
};

int sign_of(int comparison) { return comparison < 0 ? -1 : (comparison > 0 ? 1 : 0); }

std::optional<bool> equal_quantities(const Quantity& a, const Quantity& b) {
  const auto amounts = common_amounts(a, b);
  if (!amounts) {
    // Comparable kinds of which one is a calendar duration are undecided, others are not equal.
    const auto x = unit_of(a);
    const auto y = unit_of(b);
    if (x && y && a.calendar != b.calendar) return std::nullopt;
    return x && y ? std::optional(false) : std::nullopt;
  }
  return amounts->a == amounts->b;
}

/// To the fewer digits of the two (FHIRPath §6.1.2).
bool equivalent_decimals(const fhir::Decimal& a, const fhir::Decimal& b) {
  const int scale = std::min(a.normalized().scale(), b.normalized().scale());
  const auto x = a.rounded(scale);
  const auto y = b.rounded(scale);
  return x && y && *x == *y;
}

}  // namespace

std::optional<fhir::Decimal> decimal_of(const Item& value) {
  if (value.kind == ItemKind::kInteger) return fhir::Decimal(value.integer);
  if (value.kind == ItemKind::kDecimal) return *value.decimal;
  return std::nullopt;
}

std::optional<fhir::Unit> unit_of(const Quantity& quantity) {
  return quantity.calendar ? fhir::Unit::of_calendar_word(quantity.unit)
                           : fhir::Unit::parse(quantity.unit);
}

std::optional<CommonAmounts> common_amounts(const Quantity& a, const Quantity& b) {
  if (a.unit == b.unit && a.calendar == b.calendar) return CommonAmounts{a.value, b.value};
  const auto x = unit_of(a);
  const auto y = unit_of(b);
  if (!x || !y || x->powers != y->powers) return std::nullopt;
  // a * p/q and b * r/s are as a * p*s and b * r*q.
  const auto in_x = fhir::Decimal::multiply(x->factor.numerator(), y->factor.denominator());
  const auto in_y = fhir::Decimal::multiply(y->factor.numerator(), x->factor.denominator());
  if (!in_x || !in_y) return std::nullopt;
  const auto p = fhir::Decimal::multiply(a.value, *in_x);
  const auto q = fhir::Decimal::multiply(b.value, *in_y);
  if (!p || !q) return std::nullopt;
  return CommonAmounts{*p, *q};
}

std::optional<fhir::Decimal> converted_amount(const Quantity& quantity, const Quantity& like) {
  if (quantity.unit == like.unit && quantity.calendar == like.calendar) return quantity.value;
  const auto from = unit_of(quantity);
  const auto to = unit_of(like);
  if (!from || !to || from->powers != to->powers) return std::nullopt;
  const auto factor = fhir::Ratio::divide(from->factor, to->factor);
  const auto amount =
      factor ? fhir::Ratio::multiply(fhir::Ratio(quantity.value), *factor) : std::nullopt;
  return amount ? amount->to_decimal() : std::nullopt;
}

std::optional<Quantity> amount_of(Context& context, const Item& item) {
  if (const auto quantity = quantity_of(context, item)) return quantity;
  Item value;
  if (!context.value_of(item, value)) return std::nullopt;
  const auto number = decimal_of(value);
  if (!number) return std::nullopt;
  return Quantity{*number, "1", false};
}

std::optional<Quantity> quantity_of(Context& context, const Item& item) {
  if (item.kind == ItemKind::kQuantity) return *item.quantity;
  if (item.kind != ItemKind::kElement || item.node == kNoNode || item.type == fhir::kNoType) {
    return std::nullopt;
  }
  const fhir::Model& model = context.model();
  if (!is_quantity(model, item)) return std::nullopt;
  if (!context.is_of_kind(item)) {
    context.misfit(context.node(item.node), model.name(item.type));
    return std::nullopt;
  }
  const json::Node* const number = context.member(item.node, fhir::names::kValue);
  if (number == nullptr || number->kind == json::NodeKind::kNull) return std::nullopt;
  const auto value =
      number->kind == json::NodeKind::kNumber ? fhir::Decimal::parse(number->view()) : std::nullopt;
  if (!value) {
    context.misfit(*number, "decimal");
    return std::nullopt;
  }
  std::string_view unit = context.text_member(item.node, fhir::names::kUnit);
  const std::string_view code = context.text_member(item.node, fhir::names::kCode);
  if (!code.empty() &&
      (unit.empty() || context.text_member(item.node, fhir::names::kSystem) == kUcumSystem))
    unit = code;
  if (unit.empty()) unit = "1";
  return Quantity{*value, unit, false};
}

std::optional<bool> equal_items(Context& context, const Item& a, const Item& b) {
  if (!context.step()) return std::nullopt;
  if (a.kind == ItemKind::kQuantity || b.kind == ItemKind::kQuantity) {
    const auto p = amount_of(context, a);
    const auto q = amount_of(context, b);
    if (!p || !q) return false;
    if (!step_units(context, *p, *q)) return std::nullopt;
    return equal_quantities(*p, *q);
  }
  if (is_complex(a, context) || is_complex(b, context)) {
    if (!is_complex(a, context) || !is_complex(b, context)) return false;
    return TreeComparison(context, false).same(a.node, b.node);
  }
  Item x;
  Item y;
  if (!context.value_of(a, x) || !context.value_of(b, y)) return std::nullopt;
  if (x.kind == ItemKind::kTemporal && y.kind == ItemKind::kTemporal) {
    const bool one_is_time = (x.temporal->kind == fhir::TemporalKind::kTime) !=
                             (y.temporal->kind == fhir::TemporalKind::kTime);
    if (one_is_time) return false;
    const auto order = fhir::Temporal::compare(*x.temporal, *y.temporal);
    return order ? std::optional(*order == 0) : std::nullopt;
  }
  const auto p = decimal_of(x);
  const auto q = decimal_of(y);
  if (p && q) return *p == *q;
  if (x.kind != y.kind) return false;
  switch (x.kind) {
    case ItemKind::kBoolean:
      return x.boolean == y.boolean;
    case ItemKind::kString:
      if (x.text().size() != y.text().size()) return false;
      return context.step_text(x.text().size()) && x.text() == y.text();
    case ItemKind::kTypeInfo:
      return x.type_info->name == y.type_info->name && x.type_info->space == y.type_info->space;
    default:
      return false;
  }
}

std::optional<bool> equal_collections(Context& context, const Collection& a, const Collection& b) {
  if (a.empty() || b.empty()) return std::nullopt;
  if (a.size != b.size) return false;
  bool unknown = false;
  for (uint32_t i = 0; i < a.size; ++i) {
    const auto equal = equal_items(context, a[i], b[i]);
    if (equal && !*equal) return false;
    unknown |= !equal;
  }
  return unknown ? std::nullopt : std::optional(true);
}

bool equivalent_items(Context& context, const Item& a, const Item& b) {
  if (!context.step()) return false;
  if (a.kind == ItemKind::kQuantity || b.kind == ItemKind::kQuantity) {
    const auto p = amount_of(context, a);
    const auto q = amount_of(context, b);
    if (!p || !q || !step_units(context, *p, *q)) return false;
    if (const auto amounts = common_amounts(*p, *q)) {
      return equivalent_decimals(amounts->a, amounts->b);
    }
    // A calendar year or month is equivalent to UCUM's.
    static constexpr std::pair<std::string_view, std::string_view> kAlike[] = {
        {"year", "a"}, {"years", "a"}, {"month", "mo"}, {"months", "mo"}};
    for (const auto& [word, code] : kAlike) {
      if ((p->unit == word && q->unit == code) || (q->unit == word && p->unit == code)) {
        return p->value == q->value;
      }
    }
    return false;
  }
  if (is_complex(a, context) || is_complex(b, context)) {
    if (!is_complex(a, context) || !is_complex(b, context)) return false;
    return TreeComparison(context, true).same(a.node, b.node);
  }
  Item x;
  Item y;
  if (!context.value_of(a, x) || !context.value_of(b, y)) return false;
  if (x.kind == ItemKind::kString && y.kind == ItemKind::kString) {
    if (!step_folding(context, x.text()) || !step_folding(context, y.text())) return false;
    return folded(x.text()) == folded(y.text());
  }
  const auto p = decimal_of(x);
  const auto q = decimal_of(y);
  if (p && q) return equivalent_decimals(*p, *q);
  const auto equal = equal_items(context, x, y);
  return equal && *equal;
}

bool equivalent_collections(Context& context, const Collection& a, const Collection& b) {
  if (a.size != b.size) return false;
  if (a.size == 1) return equivalent_items(context, a[0], b[0]);
  // Strings, of which there may be many, are counted by what they have in common. Other kinds of
  // values have nothing of the sort: 1.5 is equivalent to 1.49 and to 1.51.
  std::unordered_map<std::string, int64_t> strings;
  std::vector<Item> others;
  const auto take_strings = [&](const Collection& items, int sign, auto keep) {
    for (const Item& item : items) {
      Item value;
      if (!context.value_of(item, value) || value.kind != ItemKind::kString) {
        keep(item);
        continue;
      }
      if (!step_folding(context, value.text())) return false;
      strings[folded(value.text())] += sign;
    }
    return true;
  };
  std::vector<Item> rest;
  if (!take_strings(a, 1, [&](const Item& item) { others.push_back(item); })) return false;
  if (!take_strings(b, -1, [&](const Item& item) { rest.push_back(item); })) return false;
  const bool same_strings =
      std::all_of(strings.begin(), strings.end(), [](const auto& one) { return one.second == 0; });
  if (!same_strings || others.size() != rest.size()) return false;
  for (const Item& item : others) {
    const auto found = std::find_if(rest.begin(), rest.end(), [&](const Item& candidate) {
      return equivalent_items(context, item, candidate);
    });
    if (found == rest.end()) return false;
    *found = rest.back();
    rest.pop_back();
  }
  return true;
}

Order order_items(Context& context, const Item& a, const Item& b) {
  using Kind = Order::Kind;
  if (!context.step()) return {Kind::kUnknown};
  auto p = quantity_of(context, a);
  auto q = quantity_of(context, b);
  if (p || q) {
    if (!p) p = amount_of(context, a);
    if (!q) q = amount_of(context, b);
    if (!p || !q) {
      // A Quantity without an amount, or with one that is none, is as a missing value.
      const Item& other = p ? b : a;
      return {is_quantity(context.model(), other) ? Kind::kUnknown : Kind::kIncomparable};
    }
    if (!step_units(context, *p, *q)) return {Kind::kUnknown};
    const auto amounts = common_amounts(*p, *q);
    if (!amounts) return {Kind::kUnknown};
    return {Kind::kOrdered, fhir::Decimal::compare(amounts->a, amounts->b)};
  }
  Item x;
  Item y;
  const bool has_x = context.value_of(a, x);
  const bool has_y = context.value_of(b, y);
  if (!has_x || !has_y) {
    const bool complex = (!has_x && is_complex(a, context)) || (!has_y && is_complex(b, context));
    return {complex ? Kind::kIncomparable : Kind::kUnknown};
  }
  const auto m = decimal_of(x);
  const auto n = decimal_of(y);
  if (m && n) return {Kind::kOrdered, fhir::Decimal::compare(*m, *n)};
  if (x.kind != y.kind) return {Kind::kIncomparable};
  if (x.kind == ItemKind::kString) {
    if (!context.step_text(std::min(x.text().size(), y.text().size()))) return {Kind::kUnknown};
    return {Kind::kOrdered, sign_of(x.text().compare(y.text()))};
  }
  if (x.kind == ItemKind::kTemporal) {
    if ((x.temporal->kind == fhir::TemporalKind::kTime) !=
        (y.temporal->kind == fhir::TemporalKind::kTime)) {
      return {Kind::kIncomparable};
    }
    const auto order = fhir::Temporal::compare(*x.temporal, *y.temporal);
    if (!order) return {Kind::kUnknown};
    return {Kind::kOrdered, *order};
  }
  return {Kind::kIncomparable};
}

bool contains_item(Context& context, const Collection& collection, const Item& item) {
  for (const Item& candidate : collection) {
    const auto equal = equal_items(context, candidate, item);
    if (equal && *equal) return true;
  }
  return false;
}

std::string text_of_quantity(const Quantity& quantity) {
  std::string text = quantity.value.to_string();
  if (quantity.calendar) return text + " " + std::string(quantity.unit);
  return text + " '" + std::string(quantity.unit) + "'";
}

std::optional<std::string> text_of_item(Context& context, const Item& item) {
  Item value;
  if (!context.value_of(item, value)) {
    const auto quantity = quantity_of(context, item);
    return quantity ? std::optional(text_of_quantity(*quantity)) : std::nullopt;
  }
  if (item.kind == ItemKind::kElement) {
    const json::Node& node = context.node(item.node);
    if (!context.step_text(node.length) || !context.make_room(node.length)) {
      return std::nullopt;
    }
    return std::string(node.kind == json::NodeKind::kString ? context.string_of(node)
                                                            : node.view());
  }
  switch (value.kind) {
    case ItemKind::kBoolean:
      return value.boolean ? "true" : "false";
    case ItemKind::kInteger:
      return std::to_string(value.integer);
    case ItemKind::kDecimal:
      return value.decimal->to_string();
    case ItemKind::kString:
      if (!context.step_text(value.text().size())) return std::nullopt;
      return std::string(value.text());
    case ItemKind::kTemporal:
      return value.temporal->to_string();
    case ItemKind::kQuantity:
      return text_of_quantity(*value.quantity);
    case ItemKind::kTypeInfo:
      return std::string(value.type_info->space) + "." + std::string(value.type_info->name);
    case ItemKind::kElement:
      break;
  }
  return std::nullopt;
}

std::string json_of_item(Context& context, const Item& item) {
  if (item.kind == ItemKind::kElement) {
    if (item.node == kNoNode) return "null";
    const json::Node& node = context.node(item.node);
    if (!context.step_text(node.length) || !context.make_room(node.length)) return {};
    if (node.kind == json::NodeKind::kString) return "\"" + std::string(node.view()) + "\"";
    return std::string(node.view());
  }
  std::string out;
  switch (item.kind) {
    case ItemKind::kBoolean:
    case ItemKind::kInteger:
    case ItemKind::kDecimal:
      return text_of_item(context, item).value_or("");
    default:
      json::append_string(out, text_of_item(context, item).value_or(""));
      return out;
  }
}

}  // namespace kiln::fhirpath
