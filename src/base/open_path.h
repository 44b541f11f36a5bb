// Opening a file without waiting for whoever is at its other end.
#pragma once

#include <string>

#include "base/descriptor.h"
#include "base/error.h"

namespace kiln::base {

enum class SpecialFiles : bool { kRefused, kAllowed };
/// Whether the path itself may be a symbolic link.
enum class Links : bool { kFollowed, kRefused };

/// Opens a path for reading. A FIFO is opened even if nobody writes to it yet, so whoever reads it
/// has to wait for data with poll(). With kRefused anything but a regular file is kUnavailable, and
/// named. A folder is an error always; no descriptors left: kUnavailable. A file system that has
/// gone away may hold it up for ever: see Patience.
Result<Descriptor> open_path(const std::string& path, SpecialFiles special,
                             Links links = Links::kFollowed);

}  // namespace kiln::base
