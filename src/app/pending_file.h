// Files that appear complete or not at all.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/output_target.h"
#include "base/error.h"

namespace kiln::app {

/// A file under a random name beside its final one, for output that is not complete yet. Removed
/// when destroyed before it was published.
class PendingFile {
 public:
  /// Makes the empty file. `target` is a kFile.
  static base::Result<std::unique_ptr<PendingFile>> create(const OutputTarget& target);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::string& temporary_path() const { return temporary_; }
  base::Status write(std::string_view bytes);
  /// Renames the file to its final name, with the permissions of the one that it replaces.
  base::Status publish();

  /// Publishes all files, in their order, or none: after an error the files that were there before
  /// are there again. Somebody who reads meanwhile may see the first ones already and the last ones
  /// not yet; so does everybody if the process is killed or the machine stops just then.
  static base::Status publish_all(const std::vector<PendingFile*>& files);

 private:
  friend class PendingFiles;
  PendingFile(const OutputTarget& target, std::string temporary, int descriptor);
  base::Status complete();
  base::Status keep_old();
  base::Status rename_to_final();
  void take_back();

  const std::string name_;
  const std::string path_;
  const std::optional<struct stat> replaced_;
  const std::string temporary_;
  std::string old_;  ///< where the replaced file is kept while a set is published
  int descriptor_;
  bool published_ = false;
};

/// Removes all pending files and ends the process. A set that is being published is published whole
/// before. From any thread.
[[noreturn]] void remove_pending_files_and_exit(int status);

/// Writes all bytes to a descriptor; `name` is what the user knows it by.
base::Status write_all(int descriptor, std::string_view bytes, const std::string& name);

}  // namespace kiln::app
