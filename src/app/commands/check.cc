#include <algorithm>
#include <set>
#include <tuple>

#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "base/text.h"
#include "plan/bindings.h"
#include "plan/library_graph.h"
#include "plan/query_subject.h"
#include "plan/resolver.h"
#include "plan/view_source.h"

namespace kiln::app {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  std::vector<std::string> views;
  std::string fhir_version;
  bool strict = false;
};

base::Error invalid(std::string text) {
  return base::Error(base::ErrorCode::kInvalid, std::move(text));
}

bool is_library(const json::DocumentPtr& document) {
  return document->root()["resourceType"].text() == "Library";
}

/// One file after the other; Libraries against what they depend on.
class Checker {
 public:
  Checker(plan::ArtefactsPtr artefacts, std::optional<fhir::Version> version, bool strict)
      : artefacts_(std::move(artefacts)), version_(version), strict_(strict) {}

  /// True if there are no errors in it.
  bool check(const json::DocumentPtr& document, const std::string& path) {
    return is_library(document) ? check_library(document, path) : check_view(document, path);
  }

 private:
  bool check_view(const json::DocumentPtr& document, const std::string& path) {
    plan::Problems problems;
    const plan::Subject subject =
        plan::subject_of(plan::view_of_document(document, path, {version_}), path, problems);
    if (!tell(problems)) return false;
    const view::CompiledView& view = *subject.view;
    print_note("ok: " + path + ": " + view.name() + " over " + view.resource() + ", " +
               std::to_string(view.schema().columns.size()) + " columns");
    return true;
  }

  bool check_library(const json::DocumentPtr& document, const std::string& path) {
    plan::Subject subject;
    subject.place = path;
    subject.library = plan::read_library(document, document->root(), plan::Origin::kPublished);
    const plan::Library& library = *subject.library;
    plan::Problems problems;
    plan::add_library_errors(library, path, problems);
    find_unused(library, path, problems);
    check_columns(subject, problems);
    if (!tell(problems)) return false;
    print_note("ok: " + path + ": " + std::string(plan::name_of(library.kind)) + " " +
               library.name + ", " + std::to_string(library.dependencies.size()) + " tables, " +
               std::to_string(library.parameters.size()) + " parameters" +
               (subject.columns
                    ? ", " + std::to_string(subject.columns->columns.size()) + " columns"
                    : ""));
    return true;
  }

  /// What is declared, but not mentioned in the SQL.
  static void find_unused(const plan::Library& library, const std::string& path,
                          plan::Problems& problems) {
    if (!library.statement) return;
    std::set<std::string> mentioned;
    for (const sql::Mention& one : library.statement->placeholders()) mentioned.insert(one.name);
    for (const plan::DeclaredParameter& parameter : library.parameters) {
      if (mentioned.contains(parameter.name)) continue;
      problems.hint(plan::ProblemCode::kInvalidLibrary, path,
                    invalid("the SQL does not mention the parameter: " + parameter.name)
                        .at({library.document->source()}));
    }
    mentioned.clear();
    for (const sql::Mention& one : library.statement->tables()) {
      mentioned.insert(base::lower(one.name));
    }
    for (const plan::Dependency& dependency : library.dependencies) {
      if (mentioned.contains(base::lower(dependency.label))) continue;
      problems.hint(plan::ProblemCode::kInvalidLibrary, path,
                    invalid("the SQL does not mention the table: " + dependency.label)
                        .at(dependency.value.position())
                        .with_path(dependency.path));
    }
  }

  /// What DuckDB says of the statement over the columns of what it depends on. What is not there to
  /// be looked at is no error: it may well be where the Library is going to be published.
  void check_columns(plan::Subject& subject, plan::Problems& problems) {
    plan::Problems found;
    plan::LibraryGraph graph(artefacts_, "", {version_});
    subject.query = graph.query(subject, plan::bind_nulls(*subject.library), found);
    if (subject.query) plan::describe_query(subject, found);
    bool told_before = false;
    for (const plan::Problem& problem : found.all()) {
      if (problem.code == plan::ProblemCode::kUnknownArtefact) {
        problems.warn(problem.code, problem.place,
                      problem.error.clone().in("columns are not checked"));
      } else if (is_told(problem.error)) {
        told_before = true;
      } else {
        problems.add(problem.code, problem.place, problem.error.clone());
      }
    }
    if (!told_before) return;
    problems.add(plan::ProblemCode::kInvalidLibrary, subject.place,
                 invalid("what it depends on has errors, which stand above")
                     .at(subject.library->value.position()));
  }

  /// False if there are errors.
  bool tell(plan::Problems& problems) {
    if (strict_) problems.make_warnings_errors();
    print_problems(problems, true);
    for (const plan::Problem& problem : problems.all()) {
      if (problem.severity == plan::Severity::kError) told_.insert(place_of(problem.error));
    }
    return problems.ok();
  }

  using Place = std::tuple<std::string, uint64_t, uint64_t, std::string>;
  static Place place_of(const base::Error& error) {
    const base::SourcePosition& at = error.position();
    return {at.source, at.line, at.column, error.path()};
  }

  bool is_told(const base::Error& error) const {
    return error.position().line != 0 && told_.contains(place_of(error));
  }

  const plan::ArtefactsPtr artefacts_;
  const std::optional<fhir::Version> version_;
  const bool strict_;
  std::set<Place> told_;  ///< of errors
};

using Documents = std::vector<base::Result<json::DocumentPtr>>;

/// What Libraries may depend on: the files that are checked before those of -v. Where no Library is
/// checked nobody asks.
base::Result<plan::ArtefactsPtr> find_artefacts(const CheckOptions& options,
                                                std::optional<fhir::Version> version,
                                                const Documents& documents) {
  auto artefacts = std::make_shared<plan::ArtefactRegistry>(version);
  const bool any = std::any_of(documents.begin(), documents.end(), [](const auto& document) {
    return document.ok() && is_library(*document);
  });
  for (size_t i = 0; any && i < documents.size(); ++i) {
    if (!documents[i].ok()) continue;
    const base::Status added = artefacts->add_file(options.files[i], *documents[i]);
    if (!added.ok()) print_warning(added.error());
  }
  for (const std::string& path : options.views) {
    KILN_TRY(artefacts->load(path, plan::Same::kPassedOver));
  }
  return plan::ArtefactsPtr(std::move(artefacts));
}

int run(const CheckOptions& options) {
  const auto version = requested_version(options.fhir_version);
  if (!version.ok()) {
    print_error(version.error());
    return 2;
  }
  const base::Status stdin_status = check_standard_input(options.files, options.views);
  if (!stdin_status.ok()) {
    print_error(stdin_status.error());
    return exit_status(stdin_status.error());
  }
  Documents documents;
  for (const std::string& path : options.files) documents.push_back(plan::read_document(path));
  const auto artefacts = find_artefacts(options, *version, documents);
  if (!artefacts.ok()) {
    print_error(artefacts.error());
    return exit_status(artefacts.error());
  }
  Checker checker(*artefacts, *version, options.strict);
  bool good = true;
  for (size_t i = 0; i < documents.size(); ++i) {
    if (documents[i].ok()) {
      good &= checker.check(*documents[i], options.files[i]);
    } else {
      print_error(documents[i].error());
      good = false;
    }
  }
  return good ? 0 : 1;
}

}  // namespace

void add_check_command(CLI::App& app, int& status) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* const command = app.add_subcommand(
      "check", "Check views and Libraries of SQL without data: every problem with its position");
  command
      ->add_option("FILE", options->files,
                   "ViewDefinition and Library JSON files; - is standard input")
      ->required();
  command
      ->add_option("-v,--view", options->views,
                   "What Libraries may depend on beside the files that are checked: a file or "
                   "folder of ViewDefinitions and SQLViews; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command->add_option("--fhir-version", options->fhir_version, std::string(fhir::kVersionNames))
      ->type_name("VERSION");
  command->add_flag("--strict", options->strict, "Warnings are errors");
  command->footer(
      "Examples:\n"
      "  kiln check views/*.json\n"
      "  kiln check queries/*.json -v views/");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
