#include <cstdlib>

#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/serve/application.h"
#include "app/signals.h"

namespace kiln::app {
namespace {

/// What the command line has given, before it is merged with the other ways.
struct ServeCommand {
  GivenOptions given;
  std::map<std::string, bool> flags;
  std::string config;
};

base::Result<ServeOptions> read_options(const ServeCommand& command) {
  GivenOptions given = command.given;
  std::erase_if(given, [](const auto& entry) { return entry.second.empty(); });
  for (const auto& [name, set] : command.flags) {
    if (set) given[name] = {"true"};
  }
  std::vector<GivenOptions> by_rank = {std::move(given), options_of_environment(std::getenv)};
  std::string file = command.config;
  if (const char* const variable = std::getenv("KILN_CONFIG");
      file.empty() && variable != nullptr) {
    file = variable;
  }
  if (!file.empty()) {
    KILN_ASSIGN(auto from_file, options_of_file(file));
    by_rank.push_back(std::move(from_file));
  }
  return merge_options(by_rank);
}

int run(const ServeCommand& command) {
  Hangups hangups;
  const SignalStop signals([&] { hangups.count(); });
  const auto options = read_options(command);
  if (!options.ok()) {
    print_error(options.error());
    return 2;
  }
  const base::Status served = serve(*options, signals.token(), hangups);
  if (served.ok()) return 0;
  print_error(served.error());
  return served.error().code() == base::ErrorCode::kUsage ? 2 : 1;
}

}  // namespace

void add_serve_command(CLI::App& app, int& status) {
  auto serve_command = std::make_shared<ServeCommand>();
  CLI::App* const command =
      app.add_subcommand("serve", "Serve views over HTTP: runs, and exports in the background");
  for (const ServeOption& option : serve_option_table()) {
    const std::string name(option.name);
    std::string flag = "--" + name;
    if (name == "data") flag = "-d,--data";
    const std::string help(option.help);
    if (option.kind == ServeOption::Kind::kFlag) {
      command->add_flag(flag, serve_command->flags[name], help);
      continue;
    }
    CLI::Option* const added = command->add_option(flag, serve_command->given[name], help)
                                   ->type_name(std::string(option.value_name))
                                   ->type_size(1);
    if (option.kind == ServeOption::Kind::kValue) added->expected(1);
  }
  command->add_option("--config", serve_command->config, "TOML file, options under [serve]")
      ->type_name("FILE")
      ->check([](const std::string& name) {
        return name.empty() ? std::string("the name of the file is empty") : std::string();
      });
  command->footer(
      "Every option can also be set by an environment variable (KILN_STATE_DIR for --state-dir)\n"
      "and by the TOML file; the command line beats the variable, the variable the file.\n"
      "\n"
      "Example:\n"
      "  kiln sample demo && kiln serve -d demo/data --views demo/views\n"
      "  curl 'http://127.0.0.1:8080/ViewDefinition/patients/$viewdefinition-run?_format=csv'");
  command->callback([serve_command, &status] { status = run(*serve_command); });
}

}  // namespace kiln::app
