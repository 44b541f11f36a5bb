// The data that a server has, and snapshots of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/input.h"
#include "dataset/snapshot.h"

namespace kiln::dataset {

/// Files that were named at the start, looked at anew for every snapshot. Thread-safe.
class Catalog {
 public:
  /// `arguments` and `is_type` as for find_inputs(). Nothing may be unreadable, and all must be
  /// regular files.
  static base::Result<std::unique_ptr<Catalog>> open(std::vector<std::string> arguments,
                                                     bool (*is_type)(std::string_view name),
                                                     base::PatienceOptions patience = {});

  /// The data as it is now. Files that have not changed are shared with the snapshots that are
  /// alive. A file that does not answer in time is kUnavailable, and named, now and at once for
  /// everyone until it does (base::Patience).
  base::Result<SnapshotPtr> snapshot();

 private:
  struct Shared;
  explicit Catalog(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  const std::shared_ptr<Shared> shared_;  ///< with looks that do not come back
};

/// The files that `arguments` name: find_inputs(), with patience.
base::Result<Inputs> find_inputs_in_time(const std::vector<std::string>& arguments,
                                         bool (*is_type)(std::string_view name),
                                         base::Patience& patience);

/// The data that `arguments` name, as find_inputs() takes them, as they are now. Of the descriptors
/// that the process may have, one in `share` stays open at most. A file that does not answer in
/// time is kUnavailable, and named.
base::Result<SnapshotPtr> snapshot_of_paths(const std::vector<std::string>& arguments,
                                            bool (*is_type)(std::string_view name), size_t share);

}  // namespace kiln::dataset
