// One consistent state of the data.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dataset/source.h"

namespace kiln::dataset {

/// Sources in their order, each as it was at one moment: what is added later is not seen, a source
/// that is changed otherwise makes reading or verifying it fail.
struct Snapshot {
  std::vector<SourcePtr> sources;
  /// Files that were found but have no name of data.
  std::vector<std::string> passed_over;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Only the sources that may hold resources of one of the types.
SnapshotPtr narrow_snapshot(const Snapshot& snapshot, const std::set<std::string>& types);

/// What a snapshot consisted of, as a text to keep. kUnsupported if a source cannot be had again.
base::Result<std::string> describe_snapshot(const Snapshot& snapshot);
/// The same snapshot again, from its description: after a restart. kConflict if a source has been
/// changed, replaced or removed since; what was added is not seen.
base::Result<SnapshotPtr> reopen_snapshot(const std::string& description);

}  // namespace kiln::dataset
