// Exports in a folder: ROOT/INSTANCE/JOB/ATTEMPT/NAME.
#pragma once

#include <memory>
#include <string>

#include "base/patience.h"
#include "sink/export_sink.h"

namespace kiln::sink {

/// Makes the folders that are missing, mode 0700; files get 0600. A file is written under a hidden
/// name beside its own, synced, renamed, and its folder synced. `root` must be absolute or relative
/// to a working directory that does not change. A file is opened by the first read of it; one that
/// does not answer in time, or is no regular file, is kUnavailable, and named.
base::Result<std::unique_ptr<ExportSink>> open_filesystem_sink(const std::string& root,
                                                               const std::string& instance,
                                                               base::PatienceOptions patience = {});

}  // namespace kiln::sink
