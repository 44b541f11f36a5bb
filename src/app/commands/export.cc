#include <cerrno>

#include <CLI/CLI.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "json/writer.h"
#include "output/writers.h"

namespace kiln::app {
namespace {

struct ExportOptions {
  std::vector<std::string> views;
  DataOptions data;
  OutputOptions output;
};

constexpr const char* kManifest = "manifest.json";

/// A file of the export on its way: written under a temporary name, counted and digested, and
/// published with all others at the end.
struct ExportFile {
  std::string name;
  std::unique_ptr<PendingFile> pending;
  std::unique_ptr<output::RowsOutput> output;
};

base::Status check_folder(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return {};
  return base::io_error("cannot make the folder " + path, ENOTDIR);
}

base::Status make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return {};
  return base::io_error("cannot make the folder " + path, errno);
}

/// What can be told of the outputs before anything is made.
void check_outputs(plan::Draft& draft, plan::Problems& problems) {
  plan::check_format(draft.layout.format, draft.subjects, problems);
  plan::name_outputs(draft.subjects, "VIEW", problems);
  for (const plan::Subject& subject : draft.subjects) {
    if (output::file_name(subject.stem, draft.layout, 0) != kManifest) continue;
    problems.add(plan::ProblemCode::kUsage, subject.place,
                 base::Error(base::ErrorCode::kUsage,
                             "the file of the view '" + subject.name + "' would be the manifest"));
  }
}

/// Where the views' files go, and at the end the manifest.
base::Result<std::vector<OutputTarget>> find_targets(const ExportOptions& options,
                                                     const plan::Draft& draft,
                                                     const dataset::Snapshot& snapshot) {
  std::vector<std::string> names;
  for (const plan::Subject& subject : draft.subjects) {
    names.push_back(output::file_name(subject.stem, draft.layout, 0));
  }
  names.emplace_back(kManifest);
  const SourceFiles sources = source_files(options.views, snapshot);
  std::vector<OutputTarget> targets;
  for (const std::string& name : names) {
    KILN_ASSIGN(OutputTarget target, find_target(options.output.output + "/" + name));
    if (target.kind != OutputTarget::Kind::kFile) {
      return base::Error(base::ErrorCode::kUsage,
                         "the output cannot replace a pipe or a device: " + target.name);
    }
    KILN_TRY(sources.check_in_folder(target));
    targets.push_back(std::move(target));
  }
  return targets;
}

base::Result<ExportFile> open_file(const plan::Plan& plan, const plan::Subject& subject,
                                   const OutputTarget& target, output::Writers& writers) {
  ExportFile file;
  file.name = output::file_name(subject.stem, plan.layout, 0);
  KILN_ASSIGN(file.pending, PendingFile::create(target));
  KILN_ASSIGN(file.output, writers.open(plan.layout, subject.schema(),
                                        output::one_file(make_file_of_set(*file.pending))));
  return file;
}

std::string manifest_of(const std::vector<ExportFile>& files, const plan::Plan& plan,
                        const engine::Summary& summary) {
  json::Writer writer;
  writer.begin_object().key("output").begin_array();
  for (size_t i = 0; i < files.size(); ++i) {
    writer.begin_object()
        .member("name", plan.subjects[i].name)
        .member("file", files[i].name)
        .key("rows")
        .number(summary.rows[i])
        .key("bytes")
        .number(files[i].output->files().front().digest.size)
        .member("sha256", files[i].output->files().front().digest.sha256)
        .end_object();
  }
  writer.end_array().end_object();
  return json::pretty(writer.text()) + "\n";
}

/// Done if it is ok and there are no errors among the problems.
base::Status export_views(const ExportOptions& options, plan::Draft draft,
                          const SignalStop& signals, plan::Problems& problems) {
  KILN_TRY(check_folder(options.output.output));
  KILN_ASSIGN(const dataset::SnapshotPtr data, open_data(options.data));
  KILN_ASSIGN(const auto targets, find_targets(options, draft, *data));
  KILN_ASSIGN(const uint64_t memory_limit, memory_limit_of(options.data.memory_limit));
  base::MemoryBudget memory(memory_limit);
  const auto plan = make_plan(std::move(draft), data, options.data, memory, signals, problems);
  if (!plan) return {};
  KILN_TRY(make_folder(options.output.output));
  output::Writers writers(threads_of(options.data), "", &memory);
  std::vector<ExportFile> files;
  std::vector<engine::Output*> outputs;
  for (size_t i = 0; i < plan->subjects.size(); ++i) {
    KILN_ASSIGN(ExportFile file, open_file(*plan, plan->subjects[i], targets[i], writers));
    files.push_back(std::move(file));
    outputs.push_back(files[i].output.get());
  }
  KILN_ASSIGN(const engine::Summary summary,
              run_plan(*plan, outputs, options.data, memory, signals));
  KILN_ASSIGN(const auto manifest, PendingFile::create(targets.back()));
  KILN_TRY(manifest->write(manifest_of(files, *plan, summary)));
  std::vector<PendingFile*> pending;
  for (const ExportFile& file : files) pending.push_back(file.pending.get());
  pending.push_back(manifest.get());
  return PendingFile::publish_all(pending);
}

int run(const ExportOptions& options) {
  const SignalStop signals;
  const base::Status stdin_status = check_standard_input(options.views, options.data.data);
  if (!stdin_status.ok()) return report(stdin_status.error(), signals);
  plan::Problems problems;
  plan::Draft draft = read_draft(options.views, options.data, problems);
  if (!options.output.format.empty()) {
    draft.layout.format = *table::format_of(options.output.format);
  }
  draft.layout.text = {!options.output.no_header, options.output.csv_guard};
  check_outputs(draft, problems);
  if (const int failed = report(problems, signals)) return failed;
  plan::Problems in_data;
  const base::Status status = export_views(options, std::move(draft), signals, in_data);
  return status.ok() ? report(in_data, signals) : report(status.error(), signals);
}

}  // namespace

void add_export_command(CLI::App& app, int& status) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* const command = app.add_subcommand(
      "export", "Evaluate many views into a folder; each input file is read once");
  command->add_option("VIEW", options->views, "ViewDefinition JSON files")->required();
  add_data_options(*command, options->data);
  add_output_options(*command, options->output, true);
  command->footer(
      "Example:\n"
      "  kiln export views/*.json -d data/ -o tables -f parquet");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
