// Holds a store to its word that a list comes to an end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace kiln::sink {

/// One list, page by page. A store that begins again, or goes on for ever, is kIo: whoever lists
/// would ask for the rest of his days. Not thread-safe.
class ListProgress {
 public:
  /// Pages of one list; 1,000 entries each.
  static constexpr size_t kMostPages = 100'000;
  /// Pages on end that bring nothing, or nothing but what may come again.
  static constexpr size_t kMostIdlePages = 100;
  /// From this page on there is a pause before each.
  static constexpr size_t kFirstPaced = 100;

  /// `may_repeat`: one entry may fill several pages, as uploads of one key do.
  explicit ListProgress(bool may_repeat) : may_repeat_(may_repeat) {}

  /// A page has come. `next`: where the next one begins; nothing after the last.
  base::Status on_page(const std::vector<std::string>& entries,
                       const std::optional<std::string>& next);
  bool is_paced() const { return pages_ >= kFirstPaced; }

 private:
  const bool may_repeat_;
  size_t pages_ = 0;
  size_t idle_ = 0;
  std::string largest_;  ///< of all entries so far
  std::optional<std::string> next_;
};

}  // namespace kiln::sink
