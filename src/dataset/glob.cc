#include "dataset/glob.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fnmatch.h>

namespace kiln::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAnyFolders = "**";

class Globber {
 public:
  Globber(const std::string& pattern, const LookingAt& looking_at) : looking_at_(looking_at) {
    size_t at = pattern.find_first_not_of('/');
    if (at != 0) root_ = "/";
    while (at < pattern.size()) {
      const size_t end = std::min(pattern.find('/', at), pattern.size());
      if (end > at) parts_.push_back(pattern.substr(at, end - at));
      at = end + 1;
    }
  }

  std::vector<std::string> run() {
    descend(root_, 0);
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  static std::string join(const std::string& folder, const std::string& name) {
    return folder.empty() || folder.ends_with('/') ? folder + name : folder + "/" + name;
  }
  std::vector<fs::directory_entry> list(const std::string& folder) const {
    look_at(folder);
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end;
         !error && entry != end; entry.increment(error)) {
      look_at(folder);  // a long list is progress
      entries.push_back(*entry);
    }
    return entries;
  }

  /// What of the parts from `index` on matches below the folder.
  void descend(const std::string& folder, size_t index) {
    const std::string& part = parts_[index];
    const bool last = index + 1 == parts_.size();
    std::error_code ignored;
    if (part == kAnyFolders) {
      if (!last) descend(folder, index + 1);
      for (const fs::directory_entry& entry : list(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with('.')) continue;
        look_at(entry.path().string());
        const bool is_folder = entry.is_directory(ignored);
        if (is_folder && !entry.is_symlink(ignored)) descend(join(folder, name), index);
        if (last && !is_folder) found_.push_back(join(folder, name));
      }
      return;
    }
    if (!is_glob(part)) {
      take(join(folder, part), index);
      return;
    }
    for (const fs::directory_entry& entry : list(folder)) {
      const std::string name = entry.path().filename().string();
      if (fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0) take(join(folder, name), index);
    }
  }

  void take(const std::string& path, size_t index) {
    std::error_code ignored;
    look_at(path);
    const bool is_folder = fs::is_directory(path, ignored);
    if (index + 1 < parts_.size()) {
      if (is_folder) descend(path, index + 1);
    } else if (!is_folder && fs::exists(fs::symlink_status(path, ignored))) {
      found_.push_back(path);
    }
  }

  void look_at(const std::string& path) const {
    if (looking_at_) looking_at_(path);
  }

  const LookingAt& looking_at_;
  std::string root_;
  std::vector<std::string> parts_;
  std::vector<std::string> found_;
};

}  // namespace

bool is_glob(const std::string& argument) {
  return argument.find_first_of("*?[") != std::string::npos;
}

std::vector<std::string> list_glob(const std::string& pattern, const LookingAt& looking_at) {
  return Globber(pattern, looking_at).run();
}

}  // namespace kiln::dataset
