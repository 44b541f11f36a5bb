#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/destination.h"

namespace kiln::app {
namespace {

struct RunOptions {
  std::string view;
  DataOptions data;
  OutputOptions output;
};

int run(const RunOptions& options) {
  const SignalStop signals;
  const base::Status stdin_status = check_standard_input({options.view}, options.data.data);
  if (!stdin_status.ok()) return report(stdin_status.error(), signals);
  const auto to = choose_destination(options.output);
  if (!to.ok()) return report(to.error(), signals);
  plan::Problems problems;
  plan::Draft draft = read_draft({options.view}, options.data, problems);
  lay_out(*to, options.output, draft, problems);
  if (const int status = report(problems, signals)) return status;
  return run_to(*to, std::move(draft), {options.view}, options.data, signals);
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
