// JSON keys to name ids, for resources that are parsed whole.
#pragma once

#include <memory>
#include <vector>

#include "fhir/model.h"
#include "json/shape.h"

namespace kiln::fhir {

/// Bit in the name of the object that holds a primitive's id and extensions ("_birthDate").
constexpr uint16_t kSiblingFlag = 0x8000;

/// A hash over the whole name pool. "_birthDate" has the id of birthDate with kSiblingFlag set.
/// Immutable after construction; thread-safe.
class KeyNames final : public json::KeyNames {
 public:
  KeyNames();
  uint16_t find(std::string_view key) const override;

 private:
  std::vector<NameId> slots_;
};

}  // namespace kiln::fhir
