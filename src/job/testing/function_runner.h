// A runner that does what a function says, in the thread that runs the job.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "job/job_runner.h"

namespace kiln::job {

/// Thrown out of a seam, it ends the engine's work there: what the process had not written by then
/// is not written. The engine has to be dropped afterwards.
struct Crash {};

class FunctionRunner final : public JobRunner {
 public:
  using Files = std::vector<OutputFile>;
  std::function<base::Result<Files>(const Attempt&)> body = [](const Attempt&) { return Files(); };

  base::Result<Files> run(const Attempt& attempt) override { return body(attempt); }
  Failure failure_of(const Job&, const base::Error& error) override {
    return {error.code() == base::ErrorCode::kInvalid ? FailureCode::kUnprocessable
                                                      : FailureCode::kFault,
            std::string(base::name_of(error.code())), ""};
  }
};

}  // namespace kiln::job
