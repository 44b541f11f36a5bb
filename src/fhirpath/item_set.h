// Sets of items by equality, so that set operations are linear.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "fhirpath/evaluation.h"

namespace kiln::fhirpath {

/// Items that differ by equality (`=`, FHIRPath §6.1.1). Lives no longer than the evaluation's
/// resource. Work is counted; what returns false was refused by a limit.
class ItemSet {
 public:
  explicit ItemSet(Evaluation& evaluation) : evaluation_(evaluation) {}

  /// Adds the item unless one that is equal is there.
  [[nodiscard]] bool insert(const Item& item, bool& added);
  [[nodiscard]] bool insert_all(const Collection& items);
  [[nodiscard]] bool contains(const Item& item, bool& found);

 private:
  [[nodiscard]] bool find(const Item& item, uint64_t hash, bool& found);
  [[nodiscard]] bool room_for_more();

  Evaluation& evaluation_;
  std::unordered_multimap<uint64_t, Item> items_;
};

/// Adds the items of `from` that `into` does not have, by equality. `set` has those of `into`.
/// False: refused by a limit.
[[nodiscard]] bool append_distinct(const Collection& from, ItemSet& set, ItemList& into);

}  // namespace kiln::fhirpath
