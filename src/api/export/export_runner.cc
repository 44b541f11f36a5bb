#include "api/export/export_runner.h"

#include "api/export/export_output.h"
#include "api/export/kept_plan.h"
#include "api/input/common_parameters.h"
#include "api/issue/issue.h"
#include "api/run/row_body.h"
#include "job/short_id.h"
#include "plan/record.h"

namespace kiln::api {
namespace {

/// Of a job's own for each of its threads: what no request can take away while it runs.
constexpr uint64_t kWorkerMemory = uint64_t{32} << 20;

/// An end is not transient: what a run would be told to try again later has failed here.
job::FailureCode failure_code_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUsage:
    case base::ErrorCode::kInvalid:
    case base::ErrorCode::kUnsupported:
    case base::ErrorCode::kLimit:
    case base::ErrorCode::kNoMemory:
      return job::FailureCode::kUnprocessable;
    case base::ErrorCode::kConflict:
      return job::FailureCode::kInputChanged;
    case base::ErrorCode::kInterrupted:
      return job::FailureCode::kInterrupted;
    case base::ErrorCode::kCancelled:
    case base::ErrorCode::kUnavailable:
      return job::FailureCode::kNotStored;
    case base::ErrorCode::kNotFound:
    case base::ErrorCode::kIo:
    case base::ErrorCode::kClosedPipe:
    case base::ErrorCode::kInternal:
      break;
  }
  return job::FailureCode::kFault;
}

class ExportRunner final : public job::JobRunner {
 public:
  explicit ExportRunner(RunnerParts parts) : parts_(parts) {}

  base::Result<std::vector<job::OutputFile>> run(const job::Attempt& attempt) override {
    KILN_ASSIGN(const plan::PlanPtr plan, plan_of(attempt));
    // Before anything is drawn: who waits here holds nothing that others wait for.
    WorkMemory memory(parts_.options.memory);
    KILN_TRY(memory.wait(parts_.options.threads * kWorkerMemory +
                             plan->subjects.size() * attempt.sink.writer_memory(),
                         parts_.writers.common_memory(plan->layout), attempt.stop));
    KILN_ASSIGN(const Outputs outputs, open_outputs(*plan, attempt));
    std::vector<std::string> names;
    for (const plan::Subject& subject : plan->subjects) names.push_back(subject.name);
    attempt.progress.set_subjects(std::move(names));
    KILN_TRY(evaluate(*plan, outputs, attempt, memory));
    attempt.progress.subjects_done = static_cast<uint32_t>(outputs.size());
    std::vector<job::OutputFile> files;
    for (size_t i = 0; i < outputs.size(); ++i) {
      for (const output::WrittenFile& file : outputs[i]->files()) {
        files.push_back(stored_file(file, plan->subjects[i], plan->layout));
      }
    }
    return files;
  }

  job::Failure failure_of(const job::Job& job, const base::Error& error) override {
    const std::string id(job::short_id(job.id));
    const job::FailureCode code = failure_code_of(error.code());
    if (code == job::FailureCode::kNotStored) {
      return {code,
              "the data could not be read or the output not be stored; the server's log tells "
              "more, under the id " +
                  id,
              ""};
    }
    const Issue issue = issue_of_data(error, "", id);
    return {code, issue.text, issue.expression};
  }

 private:
  using Outputs = std::vector<std::unique_ptr<output::RowsOutput>>;

  static job::OutputFile stored_file(const output::WrittenFile& file, const plan::Subject& subject,
                                     const output::Layout& layout) {
    job::OutputFile stored;
    stored.output = subject.name;
    stored.name = output::file_name(subject.stem, layout, file.part);
    stored.media_type = output::media_type(layout);
    stored.rows = file.rows;
    stored.size = file.digest.size;
    stored.sha256 = file.digest.sha256;
    return stored;
  }

  /// The kick-off's own plan, or the same from the record: with the data as they were then, still
  /// open, or opened again after a restart.
  base::Result<plan::PlanPtr> plan_of(const job::Attempt& attempt) const {
    const auto kept = KeptPlan::of(attempt);
    if (kept && kept->plan()) return kept->plan();
    dataset::SnapshotPtr data;
    if (kept) {
      data = kept->data();
    } else {
      KILN_ASSIGN(data, dataset::reopen_snapshot(attempt.spec.inputs, attempt.stop));
    }
    const ServiceOptions& options = parts_.options;
    return plan::read_record(attempt.spec.request, new_draft(options), std::move(data),
                             attempt.stop, *options.query_runner, options.job_query);
  }

  base::Result<Outputs> open_outputs(const plan::Plan& plan, const job::Attempt& attempt) const {
    Outputs outputs;
    for (const plan::Subject& subject : plan.subjects) {
      KILN_ASSIGN(auto output, parts_.writers.open(plan.layout, subject.schema(),
                                                   objects_of(attempt, subject.stem, plan.layout)));
      outputs.push_back(std::move(output));
    }
    return outputs;
  }

  base::Status evaluate(const plan::Plan& plan, const Outputs& outputs, const job::Attempt& attempt,
                        WorkMemory& memory) const {
    std::vector<engine::Output*> pointers;
    for (const auto& output : outputs) pointers.push_back(output.get());
    plan::Execution execution = execution_of(parts_.options, parts_.clock.now(), memory);
    execution.stop = attempt.stop;
    execution.progress = &attempt.progress.scanned;
    execution.query = parts_.options.job_query;
    KILN_ASSIGN(const auto summary, plan::run(plan, pointers, execution));
    log_left_out(parts_.log, "job", attempt.job.id.text, summary);
    return {};
  }

  const RunnerParts parts_;
};

}  // namespace

std::unique_ptr<job::JobRunner> make_export_runner(RunnerParts parts) {
  return std::make_unique<ExportRunner>(parts);
}

}  // namespace kiln::api
