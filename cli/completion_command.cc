// SPDX-License-Identifier: Apache-2.0
#include "cli/completion_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/support/command_table.h"

namespace freshet::cli {
namespace {

/// As one word of a shell. Help texts contain quotes; fish knows no other way to write them than '\''.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : separator) + word;
  return out;
}

/// The paths of all commands below the program, as a pattern of `case`.
std::string paths_of(const std::vector<Command>& table, const std::string& separator) {
  std::vector<std::string> paths;
  for (const Command& command : table) {
    if (&command != &table.front()) paths.push_back(quoted(command.path));
  }
  return joined(paths, separator);
}

/// Calls `on_option` with each option that takes a value, and as what `case` sees it: 'freshet serve --config'|…
template <typename OnOption>
void for_each_value(const std::vector<Command>& table, OnOption on_option) {
  for (const Command& command : table) {
    for (const CommandOption& option : command.options) {
      if (option.value.empty() || option.names.empty()) continue;
      std::vector<std::string> seen;
      for (const std::string& name : option.names) seen.push_back(quoted(command.path + " " + name));
      on_option(option, joined(seen, "|"));
    }
  }
}

std::string bash_script(const std::vector<Command>& table) {
  std::string out =
      "# bash completion of freshet: `freshet completion bash`\n"
      "_freshet() {\n"
      "  local at=freshet word current=${COMP_WORDS[COMP_CWORD]}\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$at $word\" in " +
      paths_of(table, "|") +
      ") at=\"$at $word\" ;; esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$at ${COMP_WORDS[COMP_CWORD-1]}\" in\n";
  for_each_value(table, [&](const CommandOption& option, const std::string& seen) {
    out += "    " + seen + ") ";
    if (!option.choices.empty()) {
      out += "mapfile -t COMPREPLY < <(compgen -W " + quoted(joined(option.choices, " ")) + " -- \"$current\"); ";
    }
    out += "return ;;\n";
  });
  out += "  esac\n  local words\n  case $at in\n";
  for (const Command& command : table) {
    std::vector<std::string> words;
    for (const auto& [name, help] : command.commands) words.push_back(name);
    for (const CommandOption& option : command.options) {
      const auto& more = option.names.empty() ? option.choices : option.names;
      words.insert(words.end(), more.begin(), more.end());
    }
    out += "    " + quoted(command.path) + ") words=" + quoted(joined(words, " ")) + " ;;\n";
  }
  return out +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _freshet freshet\n";
}

/// An entry of _describe: a colon ends the word.
std::string described(const std::string& word, const std::string& help) { return quoted(word + ":" + help) + " "; }

std::string zsh_script(const std::vector<Command>& table) {
  std::string out =
      "#compdef freshet\n"
      "# zsh completion of freshet: `freshet completion zsh`\n"
      "_freshet() {\n"
      "  local at=freshet word\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$at $word\" in (" +
      paths_of(table, "|") +
      ") at=\"$at $word\" ;; esac\n"
      "  done\n"
      "  case \"$at ${words[CURRENT-1]}\" in\n";
  for_each_value(table, [&](const CommandOption& option, const std::string& seen) {
    out += "    (" + seen + ") " + (option.choices.empty() ? "_files" : "compadd -- " + joined(option.choices, " ")) +
           "; return ;;\n";
  });
  out += "  esac\n  local -a commands options\n  case $at in\n";
  for (const Command& command : table) {
    out += "    (" + quoted(command.path) + ") commands=( ";
    for (const auto& [name, help] : command.commands) out += described(name, help);
    for (const CommandOption& option : command.options) {
      if (!option.names.empty()) continue;
      for (const std::string& choice : option.choices) out += described(choice, option.help);
    }
    out += ") options=( ";
    for (const CommandOption& option : command.options) {
      for (const std::string& name : option.names) out += described(name, option.help);
    }
    out += ") ;;\n";
  }
  return out +
         "  esac\n"
         "  if [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe option options\n"
         "  elif (( ${#commands} )); then\n"
         "    _describe command commands\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [[ ${funcstack[1]} == _freshet ]]; then _freshet \"$@\"; else compdef _freshet freshet; fi\n";
}

std::string fish_script(const std::vector<Command>& table) {
  std::string out =
      "# fish completion of freshet: `freshet completion fish`\n"
      "function __freshet_at\n"
      "  set -l at freshet\n"
      "  for word in (commandline -opc)[2..]\n"
      "    if contains -- \"$at $word\" " +
      paths_of(table, " ") +
      "\n"
      "      set at \"$at $word\"\n"
      "    end\n"
      "  end\n"
      "  test \"$at\" = \"$argv\"\n"
      "end\n";
  for (const Command& command : table) {
    const std::string start = "complete -c freshet -n " + quoted("__freshet_at " + command.path);
    for (const auto& [name, help] : command.commands) {
      out += start;
      out += " -f -a " + name + " -d " + quoted(help) + "\n";
    }
    for (const CommandOption& option : command.options) {
      if (option.names.empty() && option.choices.empty()) continue;
      out += start;
      for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty() && !option.names.empty()) out += " -r";
      if (!option.choices.empty()) out += " -f -a " + quoted(joined(option.choices, " "));
      out += " -d " + quoted(option.help) + "\n";
    }
  }
  return out;
}

}  // namespace

void add_completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes the words of a command line");
  command->footer(
      "Examples:\n"
      "  source <(freshet completion bash)\n"
      "  freshet completion zsh > ~/.zfunc/_freshet\n"
      "  freshet completion fish > ~/.config/fish/completions/freshet.fish\n"
      "\n"
      "The Debian package has installed them.");
  command->add_option("shell", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, shell] {
    const auto table = command_table(app);
    std::fputs((*shell == "bash"  ? bash_script(table)
                : *shell == "zsh" ? zsh_script(table)
                                  : fish_script(table))
                   .c_str(),
               stdout);
  });
}

}  // namespace freshet::cli
