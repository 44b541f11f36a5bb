#include <map>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/destination.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "app/sql_tables.h"
#include "app/terminal_table.h"
#include "base/text.h"
#include "plan/bindings.h"
#include "plan/library_graph.h"
#include "plan/query_subject.h"
#include "plan/resolver.h"
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

/// A `.sql` file is the query wherever it stands: -v and -d take lists, which swallow it.
base::Status find_query(SqlOptions& options) {
  for (std::vector<std::string>* const list : {&options.views, &options.data.data}) {
    for (auto path = list->begin(); path != list->end();) {
      if (!base::lower(*path).ends_with(".sql")) {
        ++path;
        continue;
      }
      if (!options.query.empty()) return usage("two queries: " + options.query + " and " + *path);
      options.query = *path;
      path = list->erase(path);
    }
  }
  return {};
}

/// That there is one query, and data; told before any file is read.
base::Status check_usage(const SqlOptions& options) {
  if (!options.query.empty() && !options.expression.empty()) {
    return usage("two queries: " + options.query + " and -e");
  }
  if (options.query.empty() && options.expression.empty()) {
    std::string text = "one query is needed: a file, or -e 'SELECT ...'";
    if (options.views.size() > 1) {
      text += "; " + options.views.back() +
              " is taken for a view: a query that does not end in .sql stands first, kiln sql " +
              options.views.back() + " -v " + options.views.front();
    }
    return usage(std::move(text));
  }
  if (options.data.data.empty()) return usage("-d is needed: where the data are");
  return {};
}

/// The views and SQL views that are published to the query.
base::Result<plan::ArtefactsPtr> load_artefacts(const SqlOptions& options) {
  KILN_ASSIGN(const auto version, requested_version(options.data.fhir_version));
  auto artefacts = std::make_shared<plan::ArtefactRegistry>(version);
  for (const std::string& path : options.views) KILN_TRY(artefacts->load(path));
  return plan::ArtefactsPtr(std::move(artefacts));
}

using Values = std::vector<std::pair<std::string, std::string>>;

/// Of `-p name=value`.
base::Result<Values> read_values(const std::vector<std::string>& parameters) {
  Values values;
  for (const std::string& parameter : parameters) {
    const size_t equals = parameter.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage("-p takes NAME=VALUE, not: " + parameter);
    }
    values.emplace_back(parameter.substr(0, equals), parameter.substr(equals + 1));
  }
  return values;
}

/// A statement over the tables of those names.
plan::LibraryPtr over_tables(std::string text, const std::string& source,
                             const plan::ArtefactRegistry& artefacts, plan::Problems& problems) {
  std::map<std::string, std::vector<plan::Dependency>> by_name;
  for (const plan::Artefact* const artefact : artefacts.all()) {
    const std::string name = table_name(*artefact);
    if (name.empty()) continue;
    by_name[base::lower(name)].push_back({artefact->type + "/" + artefact->id, name});
  }
  std::vector<plan::Dependency> tables;
  for (auto& [name, all] : by_name) tables.push_back(all.front());
  plan::LibraryPtr library = plan::read_statement(std::move(text), source, tables);
  if (!library->statement) return library;
  for (const sql::Mention& table : library->statement->tables()) {
    const auto found = by_name.find(base::lower(table.name));
    if (found == by_name.end() || found->second.size() == 1) continue;
    problems.add(
        plan::ProblemCode::kSameName, "QUERY",
        library->statement->at(table.begin, usage("several tables are named so: " + table.name)));
  }
  return library;
}

/// The query, complete if there are no errors among the problems.
base::Result<plan::Subject> read_query(const SqlOptions& options,
                                       const plan::ArtefactsPtr& artefacts,
                                       plan::Problems& problems) {
  KILN_ASSIGN(const auto version, requested_version(options.data.fhir_version));
  KILN_ASSIGN(const Values values, read_values(options.parameters));
  std::string text = options.expression;
  std::string source = "-e";
  if (text.empty()) {
    KILN_ASSIGN(text, plan::read_text(options.query));
    source = options.query == "-" ? "<stdin>" : options.query;
  }
  plan::Subject subject;
  subject.name = "query";
  subject.place = source;
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') {  // no statement begins so
    KILN_ASSIGN(const json::DocumentPtr document, json::Document::parse(std::move(text), source));
    const plan::Resolver resolver(artefacts, "", {version}, plan::Sought::kViewOrSql);
    auto found = resolver.given(document, document->root(), source, problems);
    if (!found) return subject;
    subject = std::move(*found);
    if (subject.view) return subject;
  } else {
    subject.library = over_tables(std::move(text), source, *artefacts, problems);
    plan::add_library_errors(*subject.library, source, problems);
  }
  plan::LibraryGraph graph(artefacts, "", {version});
  std::vector<sql::Binding> bindings = plan::bind_texts(*subject.library, values, "-p", problems);
  subject.query = graph.query(subject, std::move(bindings), problems);
  if (subject.query) plan::describe_query(subject, problems);
  return subject;
}

/// What list_tables() tells: aligned, or as rows where a format or a file is asked for.
int print_tables(const plan::ArtefactsPtr& artefacts, const std::vector<std::string>& sources,
                 const SqlOptions& options, const SignalStop& signals) {
  const auto version = requested_version(options.data.fhir_version);
  if (!version.ok()) return report(version.error(), signals);
  const auto to = choose_destination(options.output);
  if (!to.ok()) return report(to.error(), signals);
  plan::Problems problems;
  auto lines = list_tables(artefacts, *version, problems);
  print_problems(problems);
  const bool as_rows = !options.output.format.empty() || !options.output.output.empty();
  const int status =
      as_rows ? write_lines(*to, options.output, lines, sources, signals)
              : print_result(align_cells(std::move(lines),
                                         isatty(STDOUT_FILENO) != 0 ? terminal_width() : 0));
  return status != 0 || problems.ok() ? status : 1;
}

int run(SqlOptions& options) {
  const SignalStop signals;
  const base::Status found = find_query(options);
  if (!found.ok()) return report(found.error(), signals);
  if (!options.tables) {
    const base::Status usable = check_usage(options);
    if (!usable.ok()) return report(usable.error(), signals);
  }
  std::vector<std::string> sources = options.views;
  if (!options.query.empty()) sources.push_back(options.query);
  const base::Status stdin_status = check_standard_input(sources, options.data.data);
  if (!stdin_status.ok()) return report(stdin_status.error(), signals);
  const QueryFolder folder;
  const base::Status database = open_query_database(options.data);
  if (!database.ok()) return report(database.error(), signals);
  const auto artefacts = load_artefacts(options);
  if (!artefacts.ok()) return report(artefacts.error(), signals);
  // Those in folders, too: the output must not be written over them.
  for (const plan::Artefact* const artefact : (*artefacts)->all()) {
    sources.push_back(artefact->document->source());
  }
  if (options.tables) return print_tables(*artefacts, sources, options, signals);
  const auto to = choose_destination(options.output);
  if (!to.ok()) return report(to.error(), signals);
  plan::Problems problems;
  plan::Draft draft = read_draft({}, options.data, problems);
  auto subject = read_query(options, *artefacts, problems);
  if (!subject.ok()) return report(subject.error(), signals);
  draft.subjects.push_back(std::move(*subject));
  lay_out(*to, options.output, draft, problems);
  if (const int status = report(problems, signals)) return status;
  return run_to(*to, std::move(draft), sources, options.data, signals);
}

}  // namespace

void add_sql_command(CLI::App& app, int& status) {
  auto options = std::make_shared<SqlOptions>();
  CLI::App* const command =
      app.add_subcommand("sql", "Run an SQL query over views: each is a table named after it");
  command->add_option("QUERY", options->query,
                      "A file with one SELECT (.sql) or an SQLQuery Library, or - for stdin");
  command->add_option("-e,--expression", options->expression, "The query itself")->type_name("SQL");
  command
      ->add_option("-v,--view", options->views,
                   "ViewDefinitions and SQLViews: files and folders; repeatable")
      ->type_name("PATH");
  command
      ->add_option("-p,--parameter", options->parameters,
                   "A value for $NAME in the query; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--tables", options->tables,
                    "List the tables and their columns; -f and -o as for rows");
  add_data_options(*command, options->data);
  command->get_option("--data")->required(false);
  add_output_options(*command, options->output, false);
  command->footer(
      "Examples:\n"
      "  kiln sql -v views/ --tables\n"
      "  kiln sql -v views/*.json -d data/ cohort.sql\n"
      "  kiln sql -e 'SELECT gender, count(*) FROM patients GROUP BY gender' -v views/ -d data/\n"
      "  kiln sql cohort.sql -v views/ -d data/ -p code=44054006 -o cohort.parquet");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
