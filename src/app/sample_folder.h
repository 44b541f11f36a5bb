// The sample on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/pending_file.h"
#include "sample/data_set.h"

namespace kiln::app {

/// Files of a folder that get their names at the end, when all are complete. Unless they did,
/// nothing is left, not even a folder that was made.
class SampleFolder final : public sample::Files {
 public:
  explicit SampleFolder(std::string path) : path_(std::move(path)) {}
  ~SampleFolder() override;

  /// Makes the folders. kConflict if there is something in the folder, unless forced.
  base::Status make(bool force);
  base::Result<size_t> create(const std::string& name) override;
  base::Status append(size_t file, std::string_view text) override;
  base::Status publish();

 private:
  base::Status check_empty() const;
  base::Status make_folder(const std::filesystem::path& folder);

  const std::string path_;
  std::vector<std::filesystem::path> made_;
  std::vector<std::unique_ptr<PendingFile>> files_;
};

}  // namespace kiln::app
