#include "app/data_options.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "app/diagnostics.h"
#include "app/memory_limit.h"
#include "app/progress_bar.h"
#include "dataset/catalog.h"
#include "fhir/temporal.h"
#include "plan/view_source.h"
#include "sql/process_instance.h"

namespace kiln::app {
namespace {

void print_summary(const engine::Summary& summary, const DataOptions& options) {
  for (const base::Error& warning : summary.warnings) print_warning(warning);
  for (const base::Error& example : summary.examples) print_warning(example);
  if (options.on_error == "skip" && summary.bad_lines + summary.bad_rows != 0) {
    print_note("skipped: " + std::to_string(summary.bad_lines) + " bad lines, " +
               std::to_string(summary.bad_rows) + " resources with bad rows");
  }
  if (summary.failed_casts != 0) {
    print_note("made null: " + std::to_string(summary.failed_casts) +
               " values that do not fit their column");
  }
}

void print_stats(const engine::Summary& summary, double seconds) {
  uint64_t rows = 0;
  for (const uint64_t count : summary.rows) rows += count;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto bytes = static_cast<double>(summary.bytes);
  char text[256];
  std::snprintf(
      text, sizeof(text), "rows %llu, resources %llu, read %s, %.3f s, %s/s, peak memory %s",
      static_cast<unsigned long long>(rows), static_cast<unsigned long long>(summary.resources),
      format_bytes(bytes).c_str(), seconds, format_bytes(seconds > 0 ? bytes / seconds : 0).c_str(),
      format_bytes(static_cast<double>(usage.ru_maxrss) * 1024).c_str());
  print_note(text);
}

base::Error usage_error(std::string text) {
  return base::Error(base::ErrorCode::kUsage, std::move(text));
}

}  // namespace

void add_data_options(CLI::App& command, DataOptions& options) {
  command
      .add_option("-d,--data", options.data,
                  "NDJSON file (gzip, zstd too), .json resource, array or Bundle, folder, glob, - "
                  "for stdin; "
                  "repeatable")
      ->required()
      ->type_name("PATH");
  command.add_option("--fhir-version", options.fhir_version, std::string(fhir::kVersionNames))
      ->type_name("VERSION");
  command
      .add_option("--patient", options.patients,
                  "Only resources in the compartment of this patient (Patient/1); repeatable")
      ->type_name("REF")
      ->allow_extra_args(false);
  command
      .add_option("--group", options.groups,
                  "Only resources of the members of this Group (Group/1); repeatable")
      ->type_name("REF")
      ->allow_extra_args(false);
  command.add_option("--since", options.since, "Only resources last updated later than this")
      ->type_name("INSTANT");
  command.add_option("--limit", options.limit, "At most N rows; reading stops when they are there")
      ->type_name("N")
      ->check([](const std::string& text) {
        return text.starts_with('-') ? "not a number of rows: " + text : std::string();
      });
  command.add_option("--threads", options.threads, "Worker threads (default: all cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command.add_option("--progress", options.progress, "Progress bar: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command
      .add_option("--on-error", options.on_error,
                  "A bad line or row: fail with its position, or skip and count it")
      ->check(CLI::IsMember({"fail", "skip"}))
      ->capture_default_str();
  command
      .add_option("--validate", options.validate,
                  "Check lines as far as the view needs, or every byte: needed or full")
      ->check(CLI::IsMember({"needed", "full"}))
      ->capture_default_str();
  command.add_option("--max-line-size", options.max_line_size, "Longest line accepted")
      ->type_name("SIZE")
      ->capture_default_str()
      ->check([](const std::string& text) {
        const auto size = parse_size(text);
        return size.ok() ? std::string() : size.error().message();
      });
  add_memory_option(command, options.memory_limit);
  command.add_flag("--lenient-casts", options.lenient_casts,
                   "A value that does not fit its column is null and counted");
  command.add_flag("--table-stats", options.table_stats,
                   "At the end: rows, bytes, seconds, peak memory");
}

void add_memory_option(CLI::App& command, std::string& memory_limit) {
  command
      .add_option("--memory-limit", memory_limit,
                  "Most memory to use (default: three quarters of what there is)")
      ->type_name("SIZE")
      ->envname("KILN_MEMORY_LIMIT")
      ->check([](const std::string& text) {
        const auto limit = memory_limit_of(text);
        return limit.ok() ? std::string() : limit.error().message();
      });
}

base::Result<uint64_t> memory_limit_of(const std::string& text) {
  if (text.empty()) return default_memory_limit();
  KILN_ASSIGN(const uint64_t limit, parse_size(text));
  if (limit == 0) return base::Error(base::ErrorCode::kUsage, "no memory at all: " + text);
  return limit;
}

void add_output_options(CLI::App& command, OutputOptions& options, bool to_folder) {
  command
      .add_option("-f,--format", options.format,
                  to_folder ? "csv, ndjson, json or parquet (default: ndjson)"
                            : "csv, ndjson, json or parquet (default: by the output's ending; else "
                              "a table on a terminal, ndjson elsewhere)")
      ->check(CLI::IsMember({"csv", "ndjson", "json", "parquet"}))
      ->type_name("FORMAT");
  CLI::Option* const output = command.add_option(
      "-o,--output", options.output,
      to_folder ? "Folder for the files, made if missing" : "File to write; - is standard output");
  output->type_name(to_folder ? "DIR" : "FILE")->check([](const std::string& name) {
    return name.empty() ? std::string("the name of the output is empty") : std::string();
  });
  if (to_folder) output->required();
  command.add_flag("--no-header,!--header", options.no_header, "CSV without a header line");
  command.add_flag("--csv-guard", options.csv_guard,
                   "CSV: a quote before values that a spreadsheet would run");
}

base::Result<std::optional<fhir::Version>> requested_version(const std::string& text) {
  if (text.empty()) return std::optional<fhir::Version>();
  const auto version = fhir::version_of(text);
  if (version) return version;
  std::string known;
  for (const fhir::Version one : fhir::kVersions) {
    known += (known.empty() ? "" : ", ") + std::string(fhir::name_of(one));
  }
  return base::Error(base::ErrorCode::kUsage, "--fhir-version: not one of " + known + ": " + text);
}

base::Result<uint64_t> parse_size(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, static_cast<const char*>(text.data() + text.size()));
  while (unit.starts_with(' ')) unit.erase(0, 1);
  int shift = -1;
  if (unit.empty() || unit == "B") shift = 0;
  if (unit == "KiB" || unit == "K") shift = 10;
  if (unit == "MiB" || unit == "M") shift = 20;
  if (unit == "GiB" || unit == "G") shift = 30;
  if (error != std::errc() || shift < 0 || number > (UINT64_MAX >> 1 >> shift)) {
    return base::Error(base::ErrorCode::kUsage,
                       "not a size (bytes, or with KiB, MiB, GiB): " + text);
  }
  return number << shift;
}

unsigned threads_of(const DataOptions& options) {
  return options.threads == 0 ? base::available_threads() : options.threads;
}

plan::Draft read_draft(const std::vector<std::string>& views, const DataOptions& options,
                       plan::Problems& problems) {
  using plan::ProblemCode;
  plan::Draft draft;
  const auto version = requested_version(options.fhir_version);
  if (!version.ok()) {
    problems.add(ProblemCode::kUsage, "--fhir-version", version.error().clone());
    return draft;
  }
  draft.fhir_version = *version;
  draft.subjects = plan::load_views(views, {*version}, problems);
  draft.filters.patients = options.patients;
  draft.filters.groups = options.groups;
  if (!options.since.empty()) {
    const auto since = fhir::Temporal::parse_date_time(options.since);
    if (since) {
      draft.filters.since = since->to_unix_microseconds();
    } else {
      problems.add(ProblemCode::kUsage, "--since",
                   usage_error("--since is not an instant: " + options.since));
    }
  }
  draft.rules.skip_errors = options.on_error == "skip";
  draft.rules.validate_full = options.validate == "full";
  draft.rules.lenient_casts = options.lenient_casts;
  draft.rules.limit = options.limit;
  const auto max_line_size = parse_size(options.max_line_size);
  if (max_line_size.ok()) {
    draft.rules.reader.max_line_size = *max_line_size;
  } else {
    problems.add(ProblemCode::kUsage, "--max-line-size", max_line_size.error().clone());
  }
  return draft;
}

base::Status check_standard_input(const std::vector<std::string>& views,
                                  const std::vector<std::string>& data) {
  const auto count = std::count_if(views.begin(), views.end(), names_standard_input) +
                     std::count_if(data.begin(), data.end(), names_standard_input);
  if (count < 2) return {};
  return base::Error(base::ErrorCode::kUsage, "standard input is named more than once");
}

SourceFiles source_files(const std::vector<std::string>& views, const dataset::Snapshot& snapshot) {
  SourceFiles files;
  for (const std::string& view : views) files.add(view);
  for (const dataset::SourcePtr& source : snapshot.sources) {
    if (!source->about().path.empty()) files.add(source->about().path);
  }
  return files;
}

base::Result<dataset::SnapshotPtr> open_data(const DataOptions& options) {
  static constexpr size_t kShareOfDescriptors = 4;
  return dataset::snapshot_of_paths(options.data, fhir::is_resource_type, kShareOfDescriptors);
}

namespace {

/// One for the process, as the database of its queries is.
const std::string& query_folder() {
  static const std::string kFolder = [] {
    std::error_code none;
    std::string folder = std::filesystem::temp_directory_path(none);
    if (folder.empty()) folder = "/tmp";
    base::SystemRandom random;
    return folder + "/kiln-sql-" + base::random_hex(random, 8);
  }();
  return kFolder;
}

sql::QueryLimits query_limits(uint64_t memory_limit) {
  sql::QueryLimits limits;
  limits.memory = memory_limit / 2;
  limits.temp_dir = query_folder();
  return limits;
}

/// What one scan of a command has for itself.
class CommandExecution {
 public:
  CommandExecution(base::MemoryBudget& memory, const DataOptions& options,
                   const SignalStop& signals)
      : memory_(memory) {
    execution_.threads = threads_of(options);
    execution_.now = base::SystemClock().now();
    execution_.memory = &memory_;
    execution_.stop = signals.token();
    execution_.progress = &progress_;
    execution_.query = query_limits(memory.limit());
  }

  const plan::Execution& execution() const { return execution_; }
  const base::Progress& progress() const { return progress_; }

 private:
  base::MemoryShare memory_;
  base::Progress progress_;
  plan::Execution execution_;
};

/// Patients and groups are looked up by a scan of their own.
base::Status check_read_twice(const dataset::Snapshot& data) {
  for (const dataset::SourcePtr& source : data.sources) {
    if (!source->about().once) continue;
    return usage_error("--patient and --group read the data twice, which cannot be done with " +
                       source->about().path);
  }
  return {};
}

}  // namespace

plan::PlanPtr make_plan(plan::Draft draft, const dataset::SnapshotPtr& data,
                        const DataOptions& options, base::MemoryBudget& memory,
                        const SignalStop& signals, plan::Problems& problems) {
  base::Status status;
  if (draft.filters.needs_cohort()) status = check_read_twice(*data);
  if (!status.ok()) {
    problems.add(plan::ProblemCode::kUsage, "", std::move(status).error());
    return nullptr;
  }
  const CommandExecution command(memory, options, signals);
  return plan::make_plan(std::move(draft), data, plan::Hold::kAll, command.execution(), problems);
}

QueryFolder::~QueryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(query_folder(), ignored);
}

base::Status open_query_database(const DataOptions& options) {
  KILN_ASSIGN(const uint64_t memory, memory_limit_of(options.memory_limit));
  return sql::open_process_instance(query_limits(memory));
}

base::Result<engine::Summary> run_plan(const plan::Plan& plan,
                                       const std::vector<engine::Output*>& outputs,
                                       const DataOptions& options, base::MemoryBudget& memory,
                                       const SignalStop& signals) {
  const CommandExecution command(memory, options, signals);
  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<ProgressBar> bar;
  if (options.progress == "always" || (options.progress == "auto" && isatty(STDERR_FILENO) != 0)) {
    bar = std::make_unique<ProgressBar>(command.progress());
  }
  auto summary = plan::run(plan, outputs, command.execution());
  bar.reset();
  if (!summary.ok()) return summary;
  print_summary(*summary, options);
  if (options.table_stats) {
    print_stats(*summary,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return summary;
}

int report(const base::Error& error, const SignalStop& signals) {
  if (error.code() == base::ErrorCode::kCancelled && signals.signal() != 0) {
    return 128 + signals.signal();
  }
  if (error.code() == base::ErrorCode::kClosedPipe) return 141;
  print_error(error);
  return exit_status(error);
}

int report(const plan::Problems& problems, const SignalStop& signals) {
  for (const plan::Problem& problem : problems.all()) {
    if (problem.error.code() == base::ErrorCode::kCancelled) return report(problem.error, signals);
  }
  print_problems(problems);
  return exit_status(problems);
}

}  // namespace kiln::app
