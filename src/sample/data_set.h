// The sample as files.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/progress.h"

namespace kiln::sample {

/// Where the files go. Used by one thread.
class Files {
 public:
  Files() = default;
  virtual ~Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  /// Begins a file by its name in the data set, "data/Patient.ndjson"; how append() is to call it.
  virtual base::Result<size_t> create(const std::string& name) = 0;
  virtual base::Status append(size_t file, std::string_view text) = 0;
};

struct DataSetOptions {
  uint64_t patients = 100;
  uint64_t seed = 1;
};

/// The folders of the data set.
inline constexpr std::string_view kFolders[] = {"data", "views", "queries"};

/// Writes the files of data/, views/ and queries/. kCancelled after a stop.
/// `progress` counts bytes and resources of the data and may be read by another thread.
base::Status write_data_set(const DataSetOptions& options, std::stop_token stop, Files& files,
                            base::Progress& progress);

/// About how many bytes that many patients take, for a progress bar.
uint64_t expected_bytes(uint64_t patients);

}  // namespace kiln::sample
