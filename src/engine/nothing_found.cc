#include "engine/nothing_found.h"

namespace kiln::engine {
namespace {

/// The first few names, and how many more there are.
std::string some_of(const std::vector<std::string>& paths) {
  static constexpr size_t kMost = 5;
  std::string text;
  for (size_t i = 0; i < paths.size() && i < kMost; ++i) {
    text += (i == 0 ? "" : ", ") + paths[i].substr(paths[i].rfind('/') + 1);
  }
  if (paths.size() > kMost) text += " and " + std::to_string(paths.size() - kMost) + " more";
  return text;
}

}  // namespace

base::Error nothing_found(const std::string& type, const dataset::Snapshot& snapshot,
                          const std::vector<bool>& wanted) {
  size_t read = 0;
  std::vector<std::string> of_other_types;
  for (size_t i = 0; i < snapshot.sources.size(); ++i) {
    if (wanted[i]) {
      ++read;
    } else {
      of_other_types.push_back(snapshot.sources[i]->about().name);
    }
  }
  std::string text = "the data hold no " + type + "; files read: " + std::to_string(read);
  if (!of_other_types.empty()) {
    text += "; not opened, as they are named after other types: " + some_of(of_other_types);
  }
  if (!snapshot.passed_over.empty()) {
    text += "; not opened, as their names do not end as those of data: " +
            some_of(snapshot.passed_over);
  }
  return base::Error(base::ErrorCode::kInvalid, std::move(text));
}

}  // namespace kiln::engine
