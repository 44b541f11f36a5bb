// The commands of the kiln program, one file each. add_x() describes the command to the parser and
// arranges for `status` to be set to its exit status when it was called.
#pragma once

namespace CLI {
class App;
}

namespace kiln::app {

void add_run_command(CLI::App& app, int& status);
void add_export_command(CLI::App& app, int& status);
void add_check_command(CLI::App& app, int& status);
void add_schema_command(CLI::App& app, int& status);
void add_fhirpath_command(CLI::App& app, int& status);
void add_sample_command(CLI::App& app, int& status);
void add_serve_command(CLI::App& app, int& status);
void add_completion_command(CLI::App& app, int& status);

}  // namespace kiln::app
