#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "app/terminal_table.h"
#include "output/writers.h"

namespace kiln::app {
namespace {

struct RunOptions {
  std::string view;
  DataOptions data;
  OutputOptions output;
};

/// What can be told before anything is read.
struct Destination {
  OutputTarget target;
  std::optional<table::Format> format;  ///< none: a table for a person at a terminal
};

base::Error usage(std::string text) {
  return base::Error(base::ErrorCode::kUsage, std::move(text));
}

/// The format that a name's ending tells; NDJSON if it has none.
base::Result<table::Format> format_of_ending(const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  const size_t dot = file.rfind('.');
  if (dot == std::string::npos || dot == 0) return table::Format::kNdjson;
  if (const auto format = table::format_of_file(name)) return *format;
  return usage(
      "the ending of the output is none of .csv, .ndjson, .json, .parquet (-f names the "
      "format whatever the ending): " +
      name);
}

base::Result<Destination> choose_destination(const OutputOptions& options) {
  const std::string& name = options.output;
  if (name.ends_with(".gz") || name.ends_with(".zst")) {
    return usage("the output is not compressed, but its name says so: " + name);
  }
  Destination to;
  KILN_ASSIGN(to.target, find_target(name));
  if (!options.format.empty()) {
    to.format = table::format_of(options.format);
  } else if (!name.empty() && name != "-") {
    KILN_ASSIGN(to.format, format_of_ending(name));
  } else if (isatty(STDOUT_FILENO) == 0) {
    to.format = table::Format::kNdjson;
  }
  if (to.format && output::traits_of(*to.format).needs_file &&
      to.target.kind != OutputTarget::Kind::kFile) {
    return usage("Parquet needs a regular file (-o), which this is not: " + to.target.name);
  }
  return to;
}

base::Result<std::unique_ptr<engine::Output>> open_output(const Destination& to,
                                                          const plan::Plan& plan,
                                                          output::Writers& writers,
                                                          const std::stop_token& stop) {
  const table::Schema& schema = plan.subjects[0].view->schema();
  KILN_ASSIGN(auto file, open_file(to.target, stop));
  if (!to.format) return make_terminal_table(schema, std::move(file), terminal_width());
  KILN_ASSIGN(auto output, writers.open(plan.layout, schema, output::one_file(std::move(file))));
  return std::unique_ptr<engine::Output>(std::move(output));
}

int run(const RunOptions& options) {
  const SignalStop signals;
  const base::Status stdin_status = check_standard_input({options.view}, options.data.data);
  if (!stdin_status.ok()) return report(stdin_status.error(), signals);
  const auto to = choose_destination(options.output);
  if (!to.ok()) return report(to.error(), signals);
  plan::Problems problems;
  plan::Draft draft = read_draft({options.view}, options.data, problems);
  draft.layout.text = {!options.output.no_header, options.output.csv_guard};
  if (to->format) {
    draft.layout.format = *to->format;
    plan::check_format(*to->format, draft.subjects, problems);
  }
  if (const int status = report(problems, signals)) return status;
  const auto data = open_data(options.data);
  if (!data.ok()) return report(data.error(), signals);
  if (to->target.existing) {
    const base::Status status = source_files({options.view}, **data).check(to->target);
    if (!status.ok()) return report(status.error(), signals);
  }
  plan::Problems in_data;
  const auto plan = make_plan(std::move(draft), *data, options.data, signals, in_data);
  if (!plan) return report(in_data, signals);
  const auto memory = memory_limit_of(options.data.memory_limit);
  if (!memory.ok()) return report(memory.error(), signals);
  output::Writers writers(threads_of(options.data), "", *memory);
  auto output = open_output(*to, *plan, writers, signals.token());
  if (!output.ok()) return report(output.error(), signals);
  const auto summary = run_plan(*plan, {output->get()}, options.data, signals);
  return summary.ok() ? 0 : report(summary.error(), signals);
}

}  // namespace

void add_run_command(CLI::App& app, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* const command =
      app.add_subcommand("run", "Evaluate one ViewDefinition and write its rows");
  command->add_option("VIEW", options->view, "ViewDefinition (a JSON file, or - for stdin)")
      ->required();
  add_data_options(*command, options->data);
  add_output_options(*command, options->output, false);
  command->footer(
      "Examples:\n"
      "  kiln run patients.json -d data/                     a table on the terminal\n"
      "  kiln run patients.json -d data/ -o patients.parquet\n"
      "  zcat Patient.ndjson.gz | kiln run patients.json -d - -f csv | head");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
