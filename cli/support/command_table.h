// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

/// What the command line is made of, read from the commands themselves: the manual and the completions are made of it.
namespace freshet::cli {

struct CommandOption {
  std::vector<std::string> names;    ///< "-c", "--config"; empty: an argument without one
  std::string value;                 ///< what it takes: "TEXT"; empty: nothing
  std::string standard;              ///< the value if it is not given; empty: none
  std::vector<std::string> choices;  ///< the values that it takes; empty: any
  std::string help;
};

struct Command {
  std::string path;  ///< "freshet keys new"
  std::string help;
  std::string footer;
  std::vector<CommandOption> options;
  std::vector<std::pair<std::string, std::string>> commands;  ///< below this one, each with its help
};

/// The program itself, then every command, each before those below it.
std::vector<Command> command_table(const CLI::App& app);

}  // namespace freshet::cli
