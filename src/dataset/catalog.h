// The data that a server has, and snapshots of it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/snapshot.h"

namespace kiln::dataset {

struct CatalogOptions {
  /// How long the look at one file may take: a file system may have gone away.
  std::chrono::milliseconds patience{5000};
  /// Called before a file is looked at; for tests.
  std::function<void(const std::string& path)> before_open = {};
};

/// Files that were named at the start, looked at anew for every snapshot. Thread-safe.
class Catalog {
 public:
  /// `arguments` and `is_type` as for find_inputs(). Nothing may be unreadable, and all must be
  /// regular files.
  static base::Result<std::unique_ptr<Catalog>> open(std::vector<std::string> arguments,
                                                     bool (*is_type)(std::string_view name),
                                                     CatalogOptions options = {});

  /// The data as it is now. Files that have not changed are shared with the snapshots that are
  /// alive. The files are looked at by a thread of their own: if it makes no progress, kUnavailable
  /// names the file that it waits for, now and at once for everyone until it goes on.
  base::Result<SnapshotPtr> snapshot();

 private:
  struct Shared;
  explicit Catalog(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  const std::shared_ptr<Shared> shared_;  ///< with the threads that do not come back
};

/// The data that `arguments` name, as find_inputs() takes them, as they are now. Of the descriptors
/// that the process may have, one in `share` stays open at most.
base::Result<SnapshotPtr> snapshot_of_paths(const std::vector<std::string>& arguments,
                                            bool (*is_type)(std::string_view name), size_t share);

}  // namespace kiln::dataset
