// The data that a server has, and snapshots of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "dataset/snapshot.h"

namespace kiln::dataset {

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Files that were named at the start, looked at anew for every snapshot. Thread-safe.
class Catalog {
 public:
  /// `arguments` and `is_type` as for find_inputs(). Nothing may be unreadable.
  static base::Result<std::unique_ptr<Catalog>> open(std::vector<std::string> arguments,
                                                     bool (*is_type)(std::string_view name));

  /// The data as it is now. Files that have not changed share their descriptor with the snapshots
  /// that are alive.
  base::Result<SnapshotPtr> snapshot();

 private:
  Catalog(std::vector<std::string> arguments, bool (*is_type)(std::string_view name))
      : arguments_(std::move(arguments)), is_type_(is_type) {}

  const std::vector<std::string> arguments_;
  bool (*const is_type_)(std::string_view name);
  base::Mutex mutex_;
  std::map<std::string, std::weak_ptr<const OpenFile>> open_ KILN_GUARDED_BY(mutex_);
};

/// Only the files that may hold resources of one of the types.
SnapshotPtr narrow_snapshot(const Snapshot& snapshot, const std::set<std::string>& types);

/// What a snapshot consisted of, as a text to keep: files, their states.
std::string describe_snapshot(const Snapshot& snapshot);
/// The same snapshot again, from its description: after a restart. kConflict if a file has been
/// changed, replaced or removed since; what was appended is not seen.
base::Result<SnapshotPtr> reopen_snapshot(const std::string& description);

/// Resources that are in memory, as one snapshot of NDJSON.
base::Result<SnapshotPtr> snapshot_of_lines(std::string_view lines);

}  // namespace kiln::dataset
