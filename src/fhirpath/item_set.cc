#include "fhirpath/item_set.h"

#include <functional>
#include <optional>

#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

uint64_t mix(uint64_t a, uint64_t b) {
  a ^= b + 0x9E3779B97F4A7C15ULL + (a << 6) + (a >> 2);
  return a * 0xFF51AFD7ED558CCDULL;
}

uint64_t hash_text(std::string_view text) { return std::hash<std::string_view>()(text); }

/// Equal numbers are the same double; that others may be, too, costs a comparison.
uint64_t hash_number(double value) { return std::hash<double>()(value); }

/// An amount in base units, a reduced fraction. A number is one of the unit 1.
uint64_t hash_amount(const fhir::Ratio& amount, const fhir::Unit& unit) {
  uint64_t hash = hash_number(amount.numerator().to_double());
  if (!(amount.denominator() == fhir::Decimal(1))) {
    hash = mix(hash, hash_number(amount.denominator().to_double()));
  }
  for (const int8_t power : unit.powers) {
    if (power != 0) hash = mix(hash, static_cast<uint64_t>(power + 128));
  }
  return hash;
}

uint64_t hash_quantity(const Quantity& quantity) {
  const auto unit = unit_of(quantity);
  const auto amount =
      unit ? fhir::Ratio::multiply(fhir::Ratio(quantity.value), unit->factor) : std::nullopt;
  if (amount) return hash_amount(*amount, *unit);
  return mix(hash_number(quantity.value.to_double()), hash_text(quantity.unit));
}

/// Of what equality looks at in an element and below it: see TreeComparison in values.cc.
uint64_t hash_tree(Context& context, uint32_t index) {
  const json::Node& node = context.node(index);
  if (!context.step_text(node.kind == json::NodeKind::kString ? node.length : 0)) return 0;
  auto hash = static_cast<uint64_t>(node.kind);
  switch (node.kind) {
    case json::NodeKind::kObject:
      // The order of members does not count.
      for (uint32_t i = index + 1; i < node.end; i = context.node(i).end) {
        const uint16_t name = context.node(i).name;
        if (name != 0) hash += mix(name, hash_tree(context, i));
      }
      return hash;
    case json::NodeKind::kArray:
      for (uint32_t i = index + 1; i < node.end; i = context.node(i).end) {
        hash = mix(hash, hash_tree(context, i));
      }
      return hash;
    case json::NodeKind::kString:
      return mix(hash, hash_text(context.string_of(node)));
    case json::NodeKind::kNumber: {
      const auto number = fhir::Decimal::parse(node.view());
      return mix(hash, number ? hash_number(number->to_double()) : hash_text(node.view()));
    }
    default:
      return hash;
  }
}

uint64_t hash_value(const Item& value) {
  switch (value.kind) {
    case ItemKind::kBoolean:
      return value.boolean ? 1 : 2;
    case ItemKind::kInteger:
      return hash_number(static_cast<double>(value.integer));
    case ItemKind::kDecimal:
      return hash_number(value.decimal->to_double());
    case ItemKind::kString:
      return hash_text(value.text());
    case ItemKind::kTemporal:
      // One instant, whatever its offset and precision.
      return static_cast<uint64_t>(value.temporal->to_unix_microseconds());
    case ItemKind::kTypeInfo:
      return mix(hash_text(value.type_info->space), hash_text(value.type_info->name));
    case ItemKind::kQuantity:
    case ItemKind::kElement:
      break;
  }
  return 0;
}

/// Equal items have equal hashes. Nothing for an item that equals none, not even itself: one
/// without a value.
std::optional<uint64_t> hash_of(Context& context, const Item& item) {
  if (const auto quantity = quantity_of(context, item)) return hash_quantity(*quantity);
  if (item.kind == ItemKind::kElement && item.node != kNoNode) {
    const json::NodeKind kind = context.node(item.node).kind;
    if (kind == json::NodeKind::kObject || kind == json::NodeKind::kArray) {
      return hash_tree(context, item.node);
    }
  }
  Item value;
  if (!context.value_of(item, value)) return std::nullopt;
  const size_t bytes = value.kind == ItemKind::kString ? value.text().size() : 0;
  if (!context.step_text(bytes)) return std::nullopt;
  return hash_value(value);
}

}  // namespace

bool ItemSet::is_equal(const Item& one, const Item& item, bool& found) {
  const auto equal = equal_items(context_, one, item);
  found = equal && *equal;
  return !context_.failed();
}

bool ItemSet::find_hashed(const Item& item, bool& found) {
  const auto hash = hash_of(context_, item);
  if (!hash) return context_.step();
  const auto [begin, end] = hashed_.equal_range(*hash);
  for (auto at = begin; at != end && !found; ++at) {
    if (!is_equal(at->second, item, found)) return false;
  }
  return context_.step();
}

bool ItemSet::contains(const Item& item, bool& found) {
  found = false;
  for (size_t i = 0; i < few_.size() && !found; ++i) {
    if (!is_equal(few_[i], item, found)) return false;
  }
  return found || hashed_.empty() ? context_.step() : find_hashed(item, found);
}

bool ItemSet::hash(const Item& item) {
  static constexpr uint64_t kBytesPerItem = 80;
  const auto hash = hash_of(context_, item);
  if (!context_.step() || !context_.make_room(kBytesPerItem * (hashed_.size() + 1))) {
    return false;
  }
  if (hash) hashed_.emplace(*hash, item);
  return true;
}

bool ItemSet::insert(const Item& item, bool& added) {
  bool found = false;
  if (!contains(item, found)) return false;
  added = !found;
  if (found) return true;
  if (!hashed_.empty()) return hash(item);
  few_.push_back(item);
  if (few_.size() <= kFew) return true;
  for (const Item& one : few_) {
    if (!hash(one)) return false;
  }
  few_.clear();
  return true;
}

bool ItemSet::insert_all(const Collection& items) {
  for (const Item& item : items) {
    bool added = false;
    if (!insert(item, added)) return false;
  }
  return true;
}

bool append_distinct(const Collection& from, ItemSet& set, ItemList& into) {
  for (const Item& item : from) {
    bool added = false;
    if (!set.insert(item, added)) return false;
    if (added) into.push(item);
  }
  return true;
}

}  // namespace kiln::fhirpath
