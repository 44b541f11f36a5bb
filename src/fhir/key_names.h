// JSON keys to name ids, for resources that are parsed whole.
#pragma once

#include <memory>
#include <vector>

#include "fhir/model.h"
#include "json/shape.h"

namespace kiln::fhir {

/// A hash over the whole name pool. "_birthDate" has the id of birthDate with the flag's bit set.
/// Immutable after construction; thread-safe.
class KeyNames final : public json::KeyNames {
 public:
  explicit KeyNames(uint16_t sibling_flag);
  uint16_t find(std::string_view key) const override;

 private:
  uint16_t sibling_flag_;
  std::vector<NameId> slots_;
};

}  // namespace kiln::fhir
