// One consistent state of the data.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/patience.h"
#include "dataset/source.h"

namespace kiln::dataset {

/// Sources in their order, each as it was at one moment: what is added later is not seen, a source
/// that is changed otherwise makes reading or verifying it fail.
struct Snapshot {
  std::vector<SourcePtr> sources;
  /// Files that were found but have no name of data.
  std::vector<std::string> passed_over;

  /// Source::verify() of the sources at these places, of all files in one look.
  base::Status verify(const std::vector<bool>& wanted, const std::stop_token& stop) const;
  /// Opens those of the next few files from `first` on that are wanted and closed (OpenFile). The
  /// place from which to go on.
  size_t open_ahead(size_t first, const std::vector<bool>& wanted,
                    const std::stop_token& stop) const;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Only the sources that may hold resources of one of the types.
SnapshotPtr narrow_snapshot(const Snapshot& snapshot, const std::set<std::string>& types);

/// What a snapshot consisted of, as a text to keep. kUnsupported if a source cannot be had again.
base::Result<std::string> describe_snapshot(const Snapshot& snapshot);
/// The same snapshot again, from its description: after a restart. kConflict if a source has been
/// changed, replaced or removed since; what was added is not seen. A file that does not answer in
/// time is kUnavailable, and named.
base::Result<SnapshotPtr> reopen_snapshot(const std::string& description,
                                          const std::stop_token& stop = {},
                                          base::PatienceOptions patience = {});

}  // namespace kiln::dataset
