#include "api/export_runner.h"

#include <algorithm>

#include "api/export_output.h"
#include "api/export_request.h"
#include "api/problem.h"
#include "api/row_body.h"
#include "engine/pipeline.h"
#include "job/short_id.h"
#include "plan/compilation.h"

namespace kiln::api {
namespace {

/// Of a job's own for each of its threads: what no request can take away while it runs.
constexpr uint64_t kWorkerMemory = uint64_t{32} << 20;

/// A view of the request, compiled, with its files.
struct RunningView {
  view::ViewPtr view;
  std::unique_ptr<output::RowsOutput> output;
};

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
    KILN_ASSIGN(const ExportRequest request, ExportRequest::from_json(attempt.spec.request));
    // Before anything is drawn: who waits here holds nothing that others wait for.
    WorkMemory memory(parts_.options.memory);
    KILN_TRY(memory.wait(parts_.options.threads * kWorkerMemory +
                             request.views.size() * attempt.sink.writer_memory(),
                         attempt.stop));
    KILN_ASSIGN(const dataset::SnapshotPtr snapshot, snapshot_of(attempt));
    std::vector<RunningView> views;
    std::vector<std::string> names;
    for (const ExportedView& exported : request.views) {
      names.push_back(exported.output);
      KILN_ASSIGN(RunningView view, prepare(exported, request, attempt));
      views.push_back(std::move(view));
    }
    attempt.progress.set_subjects(std::move(names));
    KILN_TRY(evaluate(*snapshot, request, views, attempt, memory));
    attempt.progress.subjects_done = static_cast<uint32_t>(views.size());
    std::vector<job::OutputFile> files;
    for (size_t i = 0; i < views.size(); ++i) {
      for (const output::WrittenFile& file : views[i].output->files()) {
        files.push_back(stored_file(file, request.views[i], layout_of(request)));
      }
    }
    return files;
  }

  job::Failure failure_of(const job::Job& job, const base::Error& error) override {
    const std::string id(job::short_id(job.id));
    const job::FailureCode code = failure_code_of(error.code());
    if (code == job::FailureCode::kNotStored) {
      return {code,
              "the output could not be stored; the server's log tells more, under the id " + id,
              ""};
    }
    const Problem problem = problem_of_data(error, "", id);
    return {code, problem.text, problem.expression};
  }

 private:
  output::Layout layout_of(const ExportRequest& request) const {
    output::Layout layout;
    layout.format = request.format;
    layout.text = {request.header, false};
    layout.compression = request.compression;
    layout.part_rows = parts_.options.part_rows;
    return layout;
  }

  static job::OutputFile stored_file(const output::WrittenFile& file, const ExportedView& view,
                                     const output::Layout& layout) {
    job::OutputFile stored;
    stored.output = view.output;
    stored.name = output::file_name(view.file, layout, file.part);
    stored.media_type = output::media_type(layout);
    stored.rows = file.rows;
    stored.size = file.digest.size;
    stored.sha256 = file.digest.sha256;
    return stored;
  }

  /// The data as they were at the kick-off: still open, or opened again after a restart.
  static base::Result<dataset::SnapshotPtr> snapshot_of(const job::Attempt& attempt) {
    if (attempt.pinned) return std::static_pointer_cast<const dataset::Snapshot>(attempt.pinned);
    return dataset::reopen_snapshot(attempt.spec.inputs);
  }

  base::Result<RunningView> prepare(const ExportedView& exported, const ExportRequest& request,
                                    const job::Attempt& attempt) const {
    RunningView running;
    KILN_ASSIGN(running.view, plan::compile_text(exported.text, exported.output,
                                                 {parts_.options.fhir_version, attempt.stop}));
    const output::Layout layout = layout_of(request);
    KILN_ASSIGN(running.output, parts_.writers.open(layout, running.view->schema(),
                                                    objects_of(attempt, exported.file, layout)));
    return running;
  }

  base::Status evaluate(const dataset::Snapshot& snapshot, const ExportRequest& request,
                        const std::vector<RunningView>& views, const job::Attempt& attempt,
                        WorkMemory& memory) const {
    std::vector<engine::Subject> subjects;
    for (const RunningView& view : views) {
      subjects.push_back({view.view.get(), view.output.get()});
    }
    engine::Options options = engine_options(parts_.options, parts_.clock.now(), memory);
    options.filter = request.filter;
    KILN_ASSIGN(const auto summary,
                engine::run(snapshot, subjects, options, attempt.stop, &attempt.progress.scanned));
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
