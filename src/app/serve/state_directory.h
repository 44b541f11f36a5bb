// The folder of everything that must survive a restart.
#pragma once

#include <string>

#include "base/error.h"

namespace kiln::app {

/// Made with mode 0700 if it is missing; locked for this process until destroyed.
class StateDirectory {
 public:
  /// kConflict if another server uses it, kIo if it cannot be used.
  static base::Result<StateDirectory> open(const std::string& path);
  ~StateDirectory();
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;

  const std::string& path() const { return path_; }
  std::string lock_path() const { return path_ + "/lock"; }
  /// Tells this folder from a copy of it: from the lock file's inode and the time it was made,
  /// where the file system knows that. A copy of the whole disk is the same.
  std::string identity() const;
  std::string database_path() const { return path_ + "/jobs.sqlite"; }
  std::string exports_path() const { return path_ + "/exports"; }
  /// Files of unfinished work; empty after open().
  std::string scratch_path() const { return path_ + "/scratch"; }

 private:
  StateDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_;
};

}  // namespace kiln::app
