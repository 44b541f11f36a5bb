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
