// Sets of items by equality, so that set operations are linear.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "fhirpath/context.h"

namespace kiln::fhirpath {

/// Items that differ by equality (`=`, FHIRPath §6.1.1). Lives no longer than the evaluation's
/// resource. Work is counted; what returns false was refused by a limit.
class ItemSet {
 public:
  explicit ItemSet(Context& context) : context_(context) {}

  /// Adds the item unless one that is equal is there.
  [[nodiscard]] bool insert(const Item& item, bool& added);
  [[nodiscard]] bool insert_all(const Collection& items);
  [[nodiscard]] bool contains(const Item& item, bool& found);

 private:
  /// So many are compared one by one, which is faster than hashing.
  static constexpr size_t kFew = 8;

  [[nodiscard]] bool find_hashed(const Item& item, bool& found);
  [[nodiscard]] bool is_equal(const Item& one, const Item& item, bool& found);
  [[nodiscard]] bool hash(const Item& item);

  Context& context_;
  std::vector<Item> few_;  ///< the first ones, once all are in `hashed_` none
  std::unordered_multimap<uint64_t, Item> hashed_;
};

/// Adds the items of `from` that `into` does not have, by equality. `set` has those of `into`.
/// False: refused by a limit.
[[nodiscard]] bool append_distinct(const Collection& from, ItemSet& set, ItemList& into);

}  // namespace kiln::fhirpath
