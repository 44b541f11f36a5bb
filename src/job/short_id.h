// Job ids in logs.
#pragma once

#include <string>
#include <string_view>

#include "job/job.h"

namespace kiln::job {

/// What is told of an id where not everybody who reads may have the job: enough to find it again.
std::string_view short_id(const JobId& id);

/// The same for every id in a text, wherever it stands: in a path, an address, a message.
void shorten_job_ids(std::string& text);

}  // namespace kiln::job
