// Opening a file without waiting for anyone.
#pragma once

#include <string>

#include "base/error.h"

namespace kiln::dataset {

enum class SpecialFiles : bool { kRefused, kAllowed };

/// Opens a path for reading. A FIFO is opened even if nobody writes to it yet, so whoever reads it
/// has to wait for data with poll(). With kRefused anything but a regular file is kUnavailable, and
/// named. A folder is an error always; no descriptors left: kUnavailable.
base::Result<int> open_path(const std::string& path, SpecialFiles special);

}  // namespace kiln::dataset
