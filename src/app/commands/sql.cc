#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/destination.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "app/terminal_table.h"
#include "plan/query_subject.h"
#include "plan/view_source.h"

namespace kiln::app {
namespace {

struct SqlOptions {
  std::string query;
  std::string expression;
  std::vector<std::string> views;
  std::vector<std::string> parameters;
  bool tables = false;
  DataOptions data;
  OutputOptions output;
};

base::Error usage(std::string text) {
  return base::Error(base::ErrorCode::kUsage, std::move(text));
}

/// The views that are published to the query.
base::Result<plan::ArtefactRegistry> load_artefacts(const SqlOptions& options) {
  KILN_ASSIGN(const auto version, requested_version(options.data.fhir_version));
  plan::ArtefactRegistry artefacts(version);
  for (const std::string& path : options.views) KILN_TRY(artefacts.load(path));
  return artefacts;
}

/// Of `-p name=value`; their types are those that the statement wants.
base::Result<std::vector<sql::Binding>> read_bindings(const std::vector<std::string>& parameters) {
  std::vector<sql::Binding> bindings;
  for (const std::string& parameter : parameters) {
    const size_t equals = parameter.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage("-p takes NAME=VALUE, not: " + parameter);
    }
    std::string name = parameter.substr(0, equals);
    for (const sql::Binding& other : bindings) {
      if (other.name == name) return usage("the parameter has two values: " + name);
    }
    bindings.push_back({std::move(name), "", parameter.substr(equals + 1)});
  }
  return bindings;
}

/// Each placeholder must have a value, and each value a placeholder.
base::Status check_bindings(const sql::Statement& statement,
                            const std::vector<sql::Binding>& bindings) {
  for (const sql::Mention& placeholder : statement.placeholders()) {
    const bool bound =
        std::any_of(bindings.begin(), bindings.end(),
                    [&](const sql::Binding& binding) { return binding.name == placeholder.name; });
    if (!bound) {
      return statement.at(placeholder.begin, usage("no value for '" + placeholder.name + "': -p " +
                                                   placeholder.name + "=VALUE"));
    }
  }
  for (const sql::Binding& binding : bindings) {
    const auto& all = statement.placeholders();
    const bool used = std::any_of(all.begin(), all.end(), [&](const sql::Mention& placeholder) {
      return placeholder.name == binding.name;
    });
    if (!used) return usage("the query has no parameter '" + binding.name + "'");
  }
  return {};
}

base::Result<sql::Statement> read_statement(const SqlOptions& options) {
  if (!options.expression.empty()) return sql::Statement::parse(options.expression, "-e");
  KILN_ASSIGN(std::string text, plan::read_text(options.query));
  return sql::Statement::parse(std::move(text), options.query == "-" ? "<stdin>" : options.query);
}

int list_tables(const plan::ArtefactRegistry& artefacts) {
  std::vector<std::vector<std::string>> lines = {{"table", "column", "type", "description"}};
  bool broken = false;
  for (const plan::Artefact* const artefact : artefacts.all()) {
    if (!artefact->compiled) continue;
    if (!artefact->compiled->view) {
      broken = true;
      print_problems(artefact->compiled->problems);
      continue;
    }
    const view::CompiledView& view = *artefact->compiled->view;
    for (const table::Column& column : view.schema().columns) {
      lines.push_back({view.name(), column.name, table::sql_name(column.type), column.description});
    }
  }
  const int status = print_result(
      align_cells(std::move(lines), isatty(STDOUT_FILENO) != 0 ? terminal_width() : 0));
  return status != 0 ? status : broken ? 1 : 0;
}

int run(const SqlOptions& options) {
  const SignalStop signals;
  std::vector<std::string> sources = options.views;
  if (!options.query.empty()) sources.push_back(options.query);
  const base::Status stdin_status = check_standard_input(sources, options.data.data);
  if (!stdin_status.ok()) return report(stdin_status.error(), signals);
  const auto artefacts = load_artefacts(options);
  if (!artefacts.ok()) return report(artefacts.error(), signals);
  if (options.tables) return list_tables(*artefacts);
  if (options.query.empty() == options.expression.empty()) {
    return report(usage("one query is needed: a file, or -e 'SELECT ...'"), signals);
  }
  if (options.data.data.empty()) return report(usage("-d is needed: where the data are"), signals);
  const auto to = choose_destination(options.output);
  if (!to.ok()) return report(to.error(), signals);
  auto statement = read_statement(options);
  if (!statement.ok()) return report(statement.error(), signals);
  auto bindings = read_bindings(options.parameters);
  if (!bindings.ok()) return report(bindings.error(), signals);
  const base::Status bound = check_bindings(*statement, *bindings);
  if (!bound.ok()) return report(bound.error(), signals);
  plan::Problems problems;
  plan::Draft draft = read_draft({}, options.data, problems);
  auto subject = plan::query_over_views(std::move(*statement), "query", *artefacts,
                                        std::move(*bindings), "QUERY", problems);
  if (subject) draft.subjects.push_back(std::move(*subject));
  lay_out(*to, options.output, draft, problems);
  if (const int status = report(problems, signals)) return status;
  const auto data = open_data(options.data);
  if (!data.ok()) return report(data.error(), signals);
  const base::Status writable = check_not_a_source(*to, sources, **data);
  if (!writable.ok()) return report(writable.error(), signals);
  plan::Problems in_data;
  const auto plan = make_plan(std::move(draft), *data, options.data, signals, in_data);
  if (!plan) return report(in_data, signals);
  return run_to(*to, *plan, options.data, signals);
}

}  // namespace

void add_sql_command(CLI::App& app, int& status) {
  auto options = std::make_shared<SqlOptions>();
  CLI::App* const command =
      app.add_subcommand("sql", "Run an SQL query over views: each is a table named after it");
  command->add_option("QUERY", options->query, "A file with one SELECT, or - for stdin");
  command->add_option("-e,--expression", options->expression, "The query itself")->type_name("SQL");
  command
      ->add_option("-v,--view", options->views,
                   "ViewDefinitions: a file or a folder; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command
      ->add_option("-p,--parameter", options->parameters,
                   "A value for $NAME in the query; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--tables", options->tables, "List the tables and their columns");
  add_data_options(*command, options->data);
  command->get_option("--data")->required(false);
  add_output_options(*command, options->output, false);
  command->footer(
      "Examples:\n"
      "  kiln sql -v views/ --tables\n"
      "  kiln sql -e 'SELECT gender, count(*) FROM patients GROUP BY gender' -v views/ -d data/\n"
      "  kiln sql cohort.sql -v views/ -d data/ -p code=44054006 -o cohort.parquet");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
