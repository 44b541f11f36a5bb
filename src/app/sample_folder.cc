#include "app/sample_folder.h"

namespace kiln::app {

/// The files go first, the innermost folder before what it is in, and only what is empty.
SampleFolder::~SampleFolder() {
  files_.clear();
  std::error_code ignored;
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) {
    std::filesystem::remove(*folder, ignored);
  }
}

base::Status SampleFolder::make(bool force) {
  if (!force) KILN_TRY(check_empty());
  for (const std::string_view name : sample::kFolders) {
    KILN_TRY(make_folder(path_ + "/" + std::string(name)));
  }
  return {};
}

base::Status SampleFolder::check_empty() const {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path_, error);
  if (!std::filesystem::exists(status)) return {};
  if (!std::filesystem::is_directory(status)) {
    return base::Error(base::ErrorCode::kConflict, "not a folder: " + path_);
  }
  const bool empty = std::filesystem::is_empty(path_, error);
  if (error) return base::io_error("cannot read the folder " + path_, error.value());
  if (empty) return {};
  return base::Error(base::ErrorCode::kConflict,
                     "the folder is not empty (--force writes into it): " + path_);
}

base::Status SampleFolder::make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path parent = folder.parent_path();
  if (!parent.empty() && !std::filesystem::exists(parent, error)) KILN_TRY(make_folder(parent));
  if (std::filesystem::create_directory(folder, error)) made_.push_back(folder);
  if (error) return base::io_error("cannot make the folder " + folder.string(), error.value());
  return {};
}

base::Result<size_t> SampleFolder::create(const std::string& name) {
  const std::string path = path_ + "/" + name;
  KILN_ASSIGN(const OutputTarget target, find_target(path));
  if (target.kind != OutputTarget::Kind::kFile) {
    return base::Error(base::ErrorCode::kConflict, "not a regular file: " + path);
  }
  KILN_ASSIGN(auto file, PendingFile::create(target));
  files_.push_back(std::move(file));
  return files_.size() - 1;
}

base::Status SampleFolder::append(size_t file, std::string_view text) {
  return files_[file]->write(text);
}

base::Status SampleFolder::publish() {
  std::vector<PendingFile*> all;
  for (const auto& file : files_) all.push_back(file.get());
  KILN_TRY(PendingFile::publish_all(all));
  made_.clear();
  return {};
}

}  // namespace kiln::app
