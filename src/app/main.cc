#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/commands/commands.h"
#include "app/version.h"

namespace {

/// Wrong usage is 2, whatever the parser's own codes are; help and version are 0.
int parse_status(const CLI::App& app, const CLI::ParseError& error) {
  const bool asked = error.get_exit_code() == 0;
  app.exit(error, std::cout, std::cerr);
  return asked ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("SQL on FHIR: tables from FHIR resources, fast, on the command line and over HTTP.",
               "kiln");
  app.require_subcommand(1);
  app.set_version_flag("--version", kiln::app::version_text);
  app.footer("kiln COMMAND --help tells more of a command.");
  int status = 0;
  kiln::app::add_run_command(app, status);
  kiln::app::add_export_command(app, status);
  kiln::app::add_check_command(app, status);
  kiln::app::add_schema_command(app, status);
  kiln::app::add_fhirpath_command(app, status);
  kiln::app::add_completion_command(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_status(app, error);
  }
  return status;
}
