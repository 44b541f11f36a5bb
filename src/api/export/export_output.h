// The files of one exported view: objects of the sink.
#pragma once

#include <memory>
#include <string>

#include "job/job_runner.h"
#include "output/file.h"
#include "output/layout.h"

namespace kiln::api {

/// Objects of the attempt, named after `stem` as the layout has it. The attempt must outlive them.
std::unique_ptr<output::Files> objects_of(const job::Attempt& attempt, std::string stem,
                                          const output::Layout& layout);

}  // namespace kiln::api
