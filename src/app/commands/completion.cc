// Scripts that complete kiln's words in a shell, read off the parser's own description, so that
// they cannot go stale. Each shell quotes in its own way; nothing else is shared but the walk.
#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/file_output.h"

namespace kiln::app {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) { return app.get_subcommands({}); }

/// With a backslash before each of `special`.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// Between single quotes, for bash and zsh.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// "--data" and "-d", as they are written.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

bool has_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string bash_script(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    std::string words;
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : names_of(*option)) words += " " + name;
    }
    commands += command->get_name() + " ";
    cases += "    " + command->get_name() + ") words=\"" + words + "\" ;;\n";
  }
  return "_kiln() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \"" +
         commands +
         "--help --version\" -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case \"${COMP_WORDS[1]}\" in\n" +
         cases +
         "  esac\n"
         "  case \"$current\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _kiln kiln\n";
}

/// Loaded by its name from a folder of functions, or sourced.
std::string zsh_script(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    commands += "    " +
                in_quotes(command->get_name() + ":" + escaped(command->get_description(), "\\:")) +
                "\n";
    cases += "    " + command->get_name() + ") _arguments \\\n";
    for (const CLI::Option* option : command->get_options()) {
      const std::string help = "[" + escaped(option->get_description(), "\\[]:") + "]";
      for (const std::string& name : names_of(*option)) {
        cases += "      " +
                 in_quotes("*" + name + help + (has_value(*option) ? ":value:_files" : "")) +
                 " \\\n";
      }
    }
    cases += "      '*:file:_files' ;;\n";
  }
  return "#compdef kiln\n"
         "_kiln() {\n"
         "  local -a commands\n"
         "  commands=(\n" +
         commands +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    _arguments '--help' '--version'\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _kiln ]; then _kiln \"$@\"; else compdef _kiln kiln; fi\n";
}

std::string fish_script(const CLI::App& app) {
  const auto fish_quoted = [](std::string_view text) { return "'" + escaped(text, "\\'") + "'"; };
  std::string script =
      "complete -c kiln -n __fish_use_subcommand -f\n"
      "complete -c kiln -n __fish_use_subcommand -l help\n"
      "complete -c kiln -n __fish_use_subcommand -l version\n";
  for (const CLI::App* command : commands_of(app)) {
    script += "complete -c kiln -n __fish_use_subcommand -a " + command->get_name() + " -d " +
              fish_quoted(command->get_description()) + "\n";
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional()) continue;
      script += "complete -c kiln -n '__fish_seen_subcommand_from " + command->get_name() + "'";
      for (const std::string& name : option->get_lnames()) script += " -l " + name;
      for (const std::string& name : option->get_snames()) script += " -s " + name;
      if (has_value(*option)) script += " -r";
      script += " -d " + fish_quoted(option->get_description()) + "\n";
    }
  }
  return script;
}

}  // namespace

void add_completion_command(CLI::App& app, int& status) {
  auto shell = std::make_shared<std::string>();
  CLI::App* const command =
      app.add_subcommand("completion", "Print a script that completes kiln's words in a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example:\n  source <(kiln completion bash)");
  command->callback([&app, shell, &status] {
    status = print_result(*shell == "bash"  ? bash_script(app)
                          : *shell == "zsh" ? zsh_script(app)
                                            : fish_script(app));
  });
}

}  // namespace kiln::app
