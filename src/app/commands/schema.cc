#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "app/terminal_table.h"
#include "json/writer.h"

namespace kiln::app {
namespace {

struct SchemaOptions {
  std::string view;
  std::string format = "table";
  DataOptions data;
};

std::string schema_table(const table::Schema& schema) {
  std::vector<std::vector<std::string>> lines = {{"column", "type", "FHIR type", "description"}};
  for (const table::Column& column : schema.columns) {
    lines.push_back(
        {column.name, table::sql_name(column.type), column.fhir_type, column.description});
  }
  return align_cells(std::move(lines), isatty(STDOUT_FILENO) != 0 ? terminal_width() : 0);
}

int run(const SchemaOptions& options) {
  plan::Problems problems;
  const plan::Draft draft = read_draft({options.view}, options.data, problems);
  print_problems(problems);
  if (!problems.ok()) return exit_status(problems);
  const view::CompiledView& view = *draft.subjects[0].view;
  const table::Schema& schema = view.schema();
  std::string text;
  if (options.format == "sql") {
    text = table::create_table(view.name(), schema);
  } else if (options.format == "json") {
    text = json::pretty(table::schema_json(schema)) + "\n";
  } else {
    text = schema_table(schema);
  }
  return print_result(text);
}

}  // namespace

void add_schema_command(CLI::App& app, int& status) {
  auto options = std::make_shared<SchemaOptions>();
  CLI::App* const command =
      app.add_subcommand("schema", "Show a view's columns and types, without data");
  command->add_option("VIEW", options->view, "ViewDefinition (a JSON file, or - for stdin)")
      ->required();
  command->add_option("-f,--format", options->format, "table, sql or json")
      ->check(CLI::IsMember({"table", "sql", "json"}))
      ->capture_default_str();
  command
      ->add_option("--fhir-version", options->data.fhir_version, std::string(fhir::kVersionNames))
      ->type_name("VERSION");
  command->footer("Example:\n  kiln schema patients.json --format sql");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
