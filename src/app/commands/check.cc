#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "plan/resolver.h"
#include "plan/view_source.h"

namespace kiln::app {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  std::string fhir_version;
  bool strict = false;
};

/// The statement and what the Library itself says of its tables and parameters; not the columns of
/// what it depends on, which stands elsewhere.
bool check_library(const json::DocumentPtr& document, const std::string& path) {
  const plan::LibraryPtr library =
      plan::read_library(document, document->root(), plan::Origin::kPublished);
  plan::Problems problems;
  plan::add_library_errors(*library, path, problems);
  print_problems(problems, true);
  if (!library->ok()) return false;
  print_note("ok: " + path + ": " + std::string(plan::name_of(library->kind)) + " " +
             library->name + ", " + std::to_string(library->dependencies.size()) + " tables, " +
             std::to_string(library->parameters.size()) + " parameters");
  return true;
}

/// True if the file is in order.
bool check_file(const std::string& path, std::optional<fhir::Version> version, bool strict) {
  const auto document = plan::read_document(path);
  if (!document.ok()) {
    print_error(document.error());
    return false;
  }
  if ((*document)->root()["resourceType"].text() == "Library") {
    return check_library(*document, path);
  }
  plan::Problems problems;
  const plan::Subject subject =
      plan::subject_of(plan::view_of_document(*document, path, {version}), path, problems);
  if (strict) problems.make_warnings_errors();
  print_problems(problems, true);
  if (!problems.ok()) return false;
  const view::CompiledView& view = *subject.view;
  print_note("ok: " + path + ": " + view.name() + " over " + view.resource() + ", " +
             std::to_string(view.schema().columns.size()) + " columns");
  return true;
}

int run(const CheckOptions& options) {
  const auto version = requested_version(options.fhir_version);
  if (!version.ok()) {
    print_error(version.error());
    return 2;
  }
  const base::Status stdin_status = check_standard_input(options.files, {});
  if (!stdin_status.ok()) {
    print_error(stdin_status.error());
    return exit_status(stdin_status.error());
  }
  bool good = true;
  for (const std::string& path : options.files) good &= check_file(path, *version, options.strict);
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
  command->add_option("--fhir-version", options->fhir_version, std::string(fhir::kVersionNames))
      ->type_name("VERSION");
  command->add_flag("--strict", options->strict, "Warnings are errors");
  command->footer("Example:\n  kiln check views/*.json");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
