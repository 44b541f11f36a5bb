// The commands of the kiln program, one file each. add_x() describes the command to the parser and
// arranges for `status` to be set to its exit status when it was called.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace kiln::app {

void add_run_command(CLI::App& app, int& status);
void add_export_command(CLI::App& app, int& status);
void add_sql_command(CLI::App& app, int& status);
void add_check_command(CLI::App& app, int& status);
void add_schema_command(CLI::App& app, int& status);
void add_fhirpath_command(CLI::App& app, int& status);
void add_sample_command(CLI::App& app, int& status);
void add_serve_command(CLI::App& app, int& status);
void add_completion_command(CLI::App& app, int& status);

/// The words of `kiln fhirpath` with the options before "--" and the expression and files behind
/// it: an expression may begin with a minus.
std::vector<std::string> options_first(const CLI::App& command,
                                       const std::vector<std::string>& words);

}  // namespace kiln::app
