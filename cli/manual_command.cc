// SPDX-License-Identifier: Apache-2.0
#include "cli/manual_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "app/version.h"
#include "cli/support/command_table.h"

namespace freshet::cli {
namespace {

/// Text for troff: a hyphen that is typed, and no line that begins like a request.
std::string troff(const std::string& text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

std::string synopsis(const Command& command) {
  std::string out = ".B " + troff(command.path) + "\n";
  if (!command.options.empty()) out += "[\\fIOPTIONS\\fR]";
  for (const CommandOption& option : command.options) {
    if (option.names.empty()) out += " \\fI" + troff(option.value) + "\\fR";
  }
  if (!command.commands.empty()) out += " \\fICOMMAND\\fR";
  return out + "\n";
}

std::string described(const CommandOption& option) {
  std::string out = ".TP\n";
  for (const std::string& name : option.names)
    out += "\\fB" + troff(name) + "\\fR" + (name == option.names.back() ? "" : ", ");
  if (!option.value.empty()) out += (option.names.empty() ? "\\fI" : " \\fI") + troff(option.value) + "\\fR";
  out += "\n" + troff(option.help);
  if (!option.choices.empty()) {
    out += ":";
    for (const std::string& choice : option.choices)
      out += (choice == option.choices.front() ? " " : " or ") + troff(choice);
  }
  if (!option.standard.empty()) out += " (default " + troff(option.standard) + ")";
  return out + ".\n";
}

std::string manual(const std::vector<Command>& table) {
  const Command& program = table.front();
  std::string out = std::string(".TH FRESHET 1 \"\" \"freshet ") + app::kVersion +
                    "\" \"User Commands\"\n"
                    ".SH NAME\nfreshet \\- streaming recommendations\n"
                    ".SH SYNOPSIS\n" +
                    synopsis(program) + ".SH DESCRIPTION\n" + troff(program.help) + "\n.SH OPTIONS\n";
  for (const CommandOption& option : program.options) out += described(option);
  out += ".SH COMMANDS\n";
  for (const Command& command : table) {
    if (&command == &program) continue;
    out += ".SS " + troff(command.path) + "\n" + synopsis(command) + ".PP\n" + troff(command.help) + ".\n";
    for (const CommandOption& option : command.options) {
      if (option.names != program.options.front().names) out += described(option);  // --help is said once
    }
    if (!command.footer.empty()) out += ".PP\n.nf\n" + troff(command.footer) + "\n.fi\n";
  }
  return out +
         ".SH ENVIRONMENT\n"
         ".TP\n\\fBFRESHET_\\fISECTION\\fB_\\fIOPTION\\fR\n"
         "Every option of the configuration, over the file: \\fBFRESHET_SERVE_PORT\\fR is serve.port.\n"
         ".TP\n\\fBFRESHET_API_KEY\\fR\nThe key that commands send to a service.\n"
         ".SH FILES\n"
         ".TP\n\\fI/etc/freshet/freshet.toml\\fR\nThe configuration of the service (freshet.service).\n"
         ".TP\n\\fI/var/lib/freshet\\fR\nIts data.\n"
         ".SH EXIT STATUS\n"
         "0: done. 1: the command ran, and its result is negative. 2: it could not run; standard error says why.\n"
         ".SH SEE ALSO\n"
         "\\fBfreshet config reference\\fR prints the reference of all options of the configuration.\n";
}

}  // namespace

void add_manual_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("manual", "Print the manual page");
  command->footer("Example:\n  man -l <(freshet manual)");
  command->callback([&app] { std::fputs(manual(command_table(app)).c_str(), stdout); });
}

}  // namespace freshet::cli
