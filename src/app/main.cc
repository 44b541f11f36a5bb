#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/descriptor_limit.h"
#include "app/diagnostics.h"
#include "app/memory_limit.h"
#include "app/version.h"
#include "base/guarded.h"
#include "base/near_name.h"
#include "sql/sql_worker.h"

namespace {

/// Wrong usage is 2, whatever the parser's own codes are; help and version are 0.
int parse_status(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr);
  kiln::app::print_error(kiln::base::Error(kiln::base::ErrorCode::kUsage, error.what()));
  std::string command = "kiln";
  for (const CLI::App* used : app.get_subcommands()) command += " " + used->get_name();
  kiln::app::print_note(command + " --help tells more");
  return 2;
}

/// As the parser wants them: the last one first.
std::vector<std::string> words_of(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + std::max(argc, 1));
  if (!words.empty() && words.front() == "fhirpath") {
    words =
        kiln::app::options_first(*app.get_subcommand("fhirpath"), {words.begin() + 1, words.end()});
    words.insert(words.begin(), "fhirpath");
  }
  std::reverse(words.begin(), words.end());
  return words;
}

/// The parser would only say that a command is missing.
bool is_unknown_command(const CLI::App& app, const std::string& word) {
  if (word.empty() || word.front() == '-') return false;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return false;
  kiln::app::print_error(
      kiln::base::Error(kiln::base::ErrorCode::kUsage, "unknown command: " + word)
          .with_suggestion(kiln::base::nearest_name(word, {names.begin(), names.end()})));
  kiln::app::print_note("kiln --help tells more");
  return true;
}

int run_command(int argc, char** argv) {
  CLI::App app("SQL on FHIR: tables from FHIR resources, fast, on the command line and over HTTP.",
               "kiln");
  app.require_subcommand(1);
  app.set_version_flag("--version", kiln::app::version_text);
  app.footer("kiln COMMAND --help tells more of a command.");
  int status = 0;
  kiln::app::add_run_command(app, status);
  kiln::app::add_export_command(app, status);
  kiln::app::add_sql_command(app, status);
  kiln::app::add_check_command(app, status);
  kiln::app::add_schema_command(app, status);
  kiln::app::add_fhirpath_command(app, status);
  kiln::app::add_sample_command(app, status);
  kiln::app::add_serve_command(app, status);
  kiln::app::add_completion_command(app, status);
  if (argc > 1 && is_unknown_command(app, argv[1])) return 2;
  try {
    app.parse(words_of(app, argc, argv));
  } catch (const CLI::ParseError& error) {
    return parse_status(app, error);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == kiln::sql::kWorkerCommand) {
    return kiln::sql::run_sql_worker({argv + 2, argv + argc});
  }
  kiln::app::set_up_allocator();
  kiln::app::raise_descriptor_limit();
  const auto status =
      kiln::base::guarded([&]() -> kiln::base::Result<int> { return run_command(argc, argv); });
  if (status.ok()) return *status;
  (void)kiln::base::guarded([&] { kiln::app::print_error(status.error()); });
  return 1;
}
