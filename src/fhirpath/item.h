// Values at evaluation: an item is an element of the resource or a System value, a collection is
// an ordered list of items (FHIRPath §3, §4).
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/arena.h"
#include "fhir/decimal.h"
#include "fhir/model.h"
#include "fhir/temporal.h"
#include "json/tape.h"

namespace kiln::fhirpath {

enum class ItemKind : uint8_t {
  kElement,  ///< of the resource: node and sibling; its value is read when needed
  kBoolean,
  kInteger,  ///< Integer and Long, told apart by the type
  kDecimal,
  kString,
  kTemporal,  ///< Date, DateTime or Time, as the Temporal's kind says
  kQuantity,
  kTypeInfo,  ///< what type() returns
};

/// A System.Quantity. `calendar`: the unit is a word (day, weeks), not a UCUM code.
struct Quantity {
  fhir::Decimal value;
  std::string_view unit;
  bool calendar = false;
};

struct TypeInfo {
  std::string_view space;  ///< "System", "FHIR"
  std::string_view name;
};

/// A type that an expression names: as a FHIR type, as a System type, or (Quantity) as either.
struct NamedType {
  fhir::TypeId fhir = fhir::kNoType;
  fhir::TypeId system = fhir::kNoType;
};

using json::kNoNode;

/// One item. Small and trivially copyable; what it points to lives in the evaluation's arena, the
/// compiled program or the parsed line.
struct Item {
  ItemKind kind = ItemKind::kElement;
  bool in_input = false;  ///< kString: a slice of the line, without escapes
  fhir::TypeId type = fhir::kNoType;
  uint32_t node = kNoNode;     ///< kElement: index of the value in the tape
  uint32_t sibling = kNoNode;  ///< kElement: of the object under the "_" key, if kept
  union {
    bool boolean;
    int64_t integer = 0;
    const fhir::Decimal* decimal;
    const fhir::Temporal* temporal;
    const Quantity* quantity;
    const TypeInfo* type_info;
    struct {
      const char* data;
      size_t size;
    } string;
  };

  std::string_view text() const { return {string.data, string.size}; }

  static Item of_boolean(bool value) {
    Item item;
    item.kind = ItemKind::kBoolean;
    item.type = fhir::kSystemBoolean;
    item.boolean = value;
    return item;
  }
  static Item of_integer(int64_t value, fhir::TypeId type = fhir::kSystemInteger) {
    Item item;
    item.kind = ItemKind::kInteger;
    item.type = type;
    item.integer = value;
    return item;
  }
  static Item of_string(std::string_view value) {
    Item item;
    item.kind = ItemKind::kString;
    item.type = fhir::kSystemString;
    item.string = {value.data(), value.size()};
    return item;
  }
  /// A part of a string of the input that has no escapes.
  static Item of_slice(std::string_view value) {
    Item item = of_string(value);
    item.in_input = true;
    return item;
  }
  static Item of_decimal(const fhir::Decimal* value) {
    Item item;
    item.kind = ItemKind::kDecimal;
    item.type = fhir::kSystemDecimal;
    item.decimal = value;
    return item;
  }
  static Item of_temporal(const fhir::Temporal* value) {
    Item item;
    item.kind = ItemKind::kTemporal;
    item.type = value->kind == fhir::TemporalKind::kDate       ? fhir::kSystemDate
                : value->kind == fhir::TemporalKind::kDateTime ? fhir::kSystemDateTime
                                                               : fhir::kSystemTime;
    item.temporal = value;
    return item;
  }
  static Item of_quantity(const Quantity* value) {
    Item item;
    item.kind = ItemKind::kQuantity;
    item.type = fhir::kSystemQuantity;
    item.quantity = value;
    return item;
  }
  static Item of_type_info(const TypeInfo* value) {
    Item item;
    item.kind = ItemKind::kTypeInfo;
    item.type_info = value;
    return item;
  }
};
static_assert(std::is_trivially_copyable_v<Item>);

/// Items that live elsewhere (arena, program).
struct Collection {
  const Item* items = nullptr;
  uint32_t size = 0;

  bool empty() const { return size == 0; }
  const Item& operator[](uint32_t index) const { return items[index]; }
  const Item* begin() const { return items; }
  const Item* end() const { return items + size; }
};

/// Grows a collection in an arena.
class ItemList {
 public:
  explicit ItemList(base::Arena& arena) : arena_(arena) {}

  [[gnu::always_inline]] void push(const Item& item) {  // a call costs as much again
    if (size_ == capacity_) grow();
    items_[size_++] = item;
  }
  void push_all(const Collection& collection) {
    for (const Item& item : collection) push(item);
  }
  uint32_t size() const { return size_; }
  const Item& operator[](uint32_t index) const { return items_[index]; }
  Item* begin() { return items_; }
  Item* end() { return items_ + size_; }
  Collection collection() const { return {items_, size_}; }

 private:
  void grow() {
    const uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    Item* const items = arena_.make_array<Item>(capacity);
    if (size_ != 0) std::memcpy(static_cast<void*>(items), items_, size_ * sizeof(Item));
    items_ = items;
    capacity_ = capacity;
  }

  base::Arena& arena_;
  Item* items_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace kiln::fhirpath
