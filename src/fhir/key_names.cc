#include "fhir/key_names.h"

namespace kiln::fhir {
namespace {

/// At most half full with the 3,610 names of the pool.
constexpr size_t kSlots = 8192;

size_t slot_of(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: keys are short
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ (hash >> 29)) & (kSlots - 1);
}

}  // namespace

KeyNames::KeyNames() : slots_(kSlots, kNoName) {
  for (size_t i = 1; i < name_count(); ++i) {
    const auto name = static_cast<NameId>(i);
    size_t slot = slot_of(text_of(name));
    while (slots_[slot] != kNoName) slot = (slot + 1) & (kSlots - 1);
    slots_[slot] = name;
  }
}

uint16_t KeyNames::find(std::string_view key) const {
  const bool sibling = key.starts_with('_');
  if (sibling) key.remove_prefix(1);
  for (size_t slot = slot_of(key); slots_[slot] != kNoName; slot = (slot + 1) & (kSlots - 1)) {
    if (text_of(slots_[slot]) == key) {
      return sibling ? static_cast<uint16_t>(slots_[slot] | kSiblingFlag) : slots_[slot];
    }
  }
  return kNoName;
}

}  // namespace kiln::fhir
