// A scan is a run of the pipeline on a thread of its own, that pushes into a stream which the
// caller pulls. Scan and stream share a state that lives until both are gone; releasing the stream
// ends the run and waits for its thread.
#include <cerrno>
#include <string>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "dataset/catalog.h"
#include "door/diagnostics.h"
#include "door/view_door.h"
#include "engine/rows_stream.h"
#include "fhir/temporal.h"
#include "plan/plan.h"
#include "table/arrow/export.h"

namespace kiln::door {

/// What a scan and its stream share.
class Scan {
 public:
  Scan(plan::PlanPtr plan, unsigned threads, uint64_t memory_limit)
      : plan_(std::move(plan)),
        budget_(memory_limit == 0 ? UINT64_MAX : memory_limit),
        rows_(plan_->subjects.front().view->schema()) {
    execution_.threads = threads;
    execution_.now = base::SystemClock().now();
    execution_.memory = &memory_;
    execution_.stop = stop_.get_token();
    execution_.progress = &progress_;
  }
  ~Scan() {
    cancel();
    thread_.join();
  }
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  base::Status start() {
    {
      base::MutexLock lock(mutex_);
      if (started_) return usage("a scan has one stream");
      started_ = true;
    }
    KILN_ASSIGN(thread_, base::start_thread([this] { run(); },
                                            [this](base::Error error) { end(std::move(error)); }));
    return {};
  }

  void cancel() {
    stop_.request_stop();
    rows_.close();
  }

  engine::RowsStream& rows() { return rows_; }
  const table::Schema& schema() const { return plan_->subjects.front().view->schema(); }

  kiln_progress progress() const {
    return {progress_.bytes, progress_.bytes_total, progress_.rows};
  }

  /// Null if there is nothing to tell, or the run is not over.
  std::unique_ptr<kiln_diagnostics> diagnostics() const {
    base::MutexLock lock(mutex_);
    if (!over_) return nullptr;
    auto found = std::make_unique<kiln_diagnostics>();
    for (const base::Error& warning : warnings_) add(*found, warning, KILN_WARNING);
    if (failure_) add(*found, *failure_, KILN_ERROR);
    return found->entries.empty() ? nullptr : std::move(found);
  }

 private:
  void run() {
    engine::StreamOutput output(rows_);
    auto summary = plan::run(*plan_, {&output}, execution_);
    if (!summary.ok()) return end(std::move(summary).error());
    {
      base::MutexLock lock(mutex_);
      warnings_ = std::move(summary->warnings);
      for (base::Error& example : summary->examples) warnings_.push_back(std::move(example));
      over_ = true;
    }
    rows_.end();
  }

  void end(base::Error error) {
    {
      base::MutexLock lock(mutex_);
      failure_ = error.clone();
      over_ = true;
    }
    rows_.fail(std::move(error));
  }

  const plan::PlanPtr plan_;
  base::MemoryBudget budget_;
  base::MemoryShare memory_{budget_};
  base::Progress progress_;
  std::stop_source stop_;
  plan::Execution execution_;
  engine::RowsStream rows_;
  mutable base::Mutex mutex_;
  bool started_ KILN_GUARDED_BY(mutex_) = false;
  bool over_ KILN_GUARDED_BY(mutex_) = false;
  std::vector<base::Error> warnings_ KILN_GUARDED_BY(mutex_);
  std::optional<base::Error> failure_ KILN_GUARDED_BY(mutex_);
  base::Thread thread_;  // ends before all that it uses
};

namespace {

/// The stream that a caller has: it owns its part of the scan.
struct Stream {
  std::shared_ptr<Scan> scan;
  std::string last_error;
};

Stream& stream_of(ArrowArrayStream* face) { return *static_cast<Stream*>(face->private_data); }

int get_schema(ArrowArrayStream* face, ArrowSchema* out) {
  Stream& stream = stream_of(face);
  *out = {};
  const base::Status status =
      base::guarded([&] { table::export_schema(stream.scan->schema(), out); });
  if (status.ok()) return 0;
  stream.last_error = status.error().to_string();
  return ENOMEM;
}

int errno_of(base::ErrorCode code) {
  if (code == base::ErrorCode::kCancelled) return ECANCELED;
  if (code == base::ErrorCode::kNoMemory || code == base::ErrorCode::kLimit) return ENOMEM;
  return code == base::ErrorCode::kInvalid ? EINVAL : EIO;
}

int get_next(ArrowArrayStream* face, ArrowArray* out) {
  Stream& stream = stream_of(face);
  *out = {};
  const base::Status status = base::guarded([&] { return stream.scan->rows().next(out); });
  if (status.ok()) return 0;
  (void)base::guarded([&] { stream.last_error = status.error().to_string(); });
  return errno_of(status.error().code());
}

const char* get_last_error(ArrowArrayStream* face) {
  const std::string& error = stream_of(face).last_error;
  return error.empty() ? nullptr : error.c_str();
}

void release(ArrowArrayStream* face) {
  Stream* const stream = &stream_of(face);
  stream->scan->cancel();
  delete stream;
  face->release = nullptr;
}

std::vector<std::string> texts_of(const char* const* texts, size_t count) {
  std::vector<std::string> all;
  for (size_t i = 0; i < count; ++i) all.emplace_back(texts[i] == nullptr ? "" : texts[i]);
  return all;
}

base::Result<plan::Draft> draft_of(const kiln_view& view, const kiln_scan_options& options) {
  plan::Draft draft;
  plan::Subject subject;
  subject.name = view.view->name();
  subject.view = view.view;
  draft.subjects.push_back(std::move(subject));
  draft.fhir_version = view.version;
  draft.filters.patients = texts_of(options.patients, options.patient_count);
  draft.filters.groups = texts_of(options.groups, options.group_count);
  if (options.since != nullptr) {
    const auto since = fhir::Temporal::parse_date_time(options.since);
    if (!since) return usage("'since' is not an instant: " + std::string(options.since));
    draft.filters.since = since->to_unix_microseconds();
  }
  draft.rules.skip_errors = options.skip_errors != 0;
  draft.rules.validate_full = options.validate_full != 0;
  draft.rules.lenient_casts = options.lenient_casts != 0;
  draft.rules.limit = options.limit;
  if (options.max_line_size != 0) draft.rules.reader.max_line_size = options.max_line_size;
  return draft;
}

base::Result<dataset::SnapshotPtr> open_data(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path == "-") return usage("standard input is the program's");
  }
  static constexpr size_t kShareOfDescriptors = 8;  // the rest is the program's
  return dataset::snapshot_of_paths(paths, fhir::is_resource_type, kShareOfDescriptors);
}

}  // namespace
}  // namespace kiln::door

struct kiln_scan {
  std::shared_ptr<kiln::door::Scan> scan;
};

void kiln_scan_options_init(kiln_scan_options* options) {
  *options = {};
  options->struct_size = sizeof(*options);
  options->limit = UINT64_MAX;
}

kiln_status kiln_scan_open(const kiln_view* view, const char* const* paths, size_t path_count,
                           const kiln_scan_options* options, kiln_scan** scan,
                           kiln_diagnostics** diagnostics) {
  using namespace kiln;
  return door::call(diagnostics, [&](kiln_diagnostics& found) -> base::Status {
    if (view == nullptr || scan == nullptr || paths == nullptr || path_count == 0) {
      return door::usage("a scan needs a view and paths");
    }
    *scan = nullptr;
    kiln_scan_options used;
    kiln_scan_options_init(&used);
    if (options != nullptr) {
      if (options->struct_size != sizeof(used)) {
        return door::usage("the options are not of this version: kiln_scan_options_init()");
      }
      used = *options;
    }
    KILN_ASSIGN(plan::Draft draft, door::draft_of(*view, used));
    KILN_ASSIGN(const auto data, door::open_data(door::texts_of(paths, path_count)));
    const unsigned threads =
        used.threads == 0 ? base::available_threads() : static_cast<unsigned>(used.threads);
    plan::Execution execution;
    execution.threads = threads;
    execution.now = base::SystemClock().now();
    plan::Problems problems;
    plan::PlanPtr plan =
        plan::make_plan(std::move(draft), data, plan::Hold::kNeeded, execution, problems);
    door::add(found, problems);
    if (!plan) return {};
    *scan =
        new kiln_scan{std::make_shared<door::Scan>(std::move(plan), threads, used.memory_limit)};
    return {};
  });
}

kiln_status kiln_scan_stream(kiln_scan* scan, ArrowArrayStream* stream) {
  using namespace kiln;
  return door::call(nullptr, [&](kiln_diagnostics&) -> base::Status {
    *stream = {};
    auto own = std::make_unique<door::Stream>(door::Stream{scan->scan, ""});
    base::Status started = scan->scan->start();
    if (!started.ok()) return started;
    stream->get_schema = door::get_schema;
    stream->get_next = door::get_next;
    stream->get_last_error = door::get_last_error;
    stream->release = door::release;
    stream->private_data = own.release();
    return {};
  });
}

kiln_progress kiln_scan_progress(const kiln_scan* scan) { return scan->scan->progress(); }

void kiln_scan_cancel(kiln_scan* scan) { scan->scan->cancel(); }

kiln_diagnostics* kiln_scan_diagnostics(const kiln_scan* scan) {
  std::unique_ptr<kiln_diagnostics> found;
  const kiln::base::Status status = kiln::base::guarded([&] { found = scan->scan->diagnostics(); });
  return status.ok() ? found.release() : nullptr;
}

void kiln_scan_free(kiln_scan* scan) { delete scan; }
