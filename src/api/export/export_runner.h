// Runs export jobs: the stored request, through the pipeline, into the sink.
#pragma once

#include <memory>

#include "api/service.h"
#include "job/job_runner.h"
#include "output/writers.h"

namespace kiln::api {

/// What the runner needs. Everything referred to must outlive it.
struct RunnerParts {
  const ServiceOptions& options;
  output::Writers& writers;
  base::Clock& clock;
  base::Logger& log;
};

std::unique_ptr<job::JobRunner> make_export_runner(RunnerParts parts);

}  // namespace kiln::api
