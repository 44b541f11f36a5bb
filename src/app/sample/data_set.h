// The sample on disk.
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "engine/pipeline.h"

namespace kiln::app::sample {

struct DataSetOptions {
  std::string folder;
  uint64_t patients = 100;
  uint64_t seed = 1;
  bool force = false;  ///< write into a folder that is not empty
};

/// Writes data/, views/ and queries/. The files get their names at the end, when all are complete;
/// after a stop, or an error until then, nothing is left, not even a folder that was made.
/// kConflict if the folder is not empty.
/// `progress` counts bytes and resources and may be read by another thread.
base::Status write_data_set(const DataSetOptions& options, std::stop_token stop,
                            engine::Progress& progress);

/// About how many bytes that many patients take, for a progress bar.
uint64_t expected_bytes(uint64_t patients);

}  // namespace kiln::app::sample
