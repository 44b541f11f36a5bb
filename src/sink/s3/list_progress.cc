#include "sink/s3/list_progress.h"

#include <algorithm>

namespace kiln::sink {

base::Status ListProgress::on_page(const std::vector<std::string>& entries,
                                   const std::optional<std::string>& next) {
  const auto error = [](const char* text) {
    return base::Error(base::ErrorCode::kIo,
                       std::string("the object store's list does not end: ") + text);
  };
  ++pages_;
  const auto largest = std::max_element(entries.begin(), entries.end());
  const bool is_idle = largest == entries.end() || (may_repeat_ && *largest == largest_);
  if (is_idle) {
    if (++idle_ > kMostIdlePages) return error("too many pages on end bring nothing");
  } else {
    if (pages_ > 1 && *largest <= largest_) return error("its keys do not increase");
    largest_ = *largest;
    idle_ = 0;
  }
  if (!next) return {};
  if (next == next_) return error("the same token again");
  if (pages_ >= kMostPages) return error("it has too many pages");
  next_ = next;
  return {};
}

}  // namespace kiln::sink
