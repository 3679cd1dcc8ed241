// SPDX-License-Identifier: Apache-2.0
#include "cli/support/command_table.h"

#include <CLI/CLI.hpp>

namespace freshet::cli {
namespace {

CommandOption describe(const CLI::Option& option) {
  CommandOption entry{{}, {}, option.get_default_str(), {}, option.get_description()};
  for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  if (option.get_items_expected_max() == 0) return entry;
  // "TEXT", or "TEXT:{jsonl,tsv}" with the description of a check.
  const std::string type = option.get_type_name();
  const std::size_t colon = type.find(':');
  entry.value = entry.names.empty() ? option.get_name() : type.substr(0, colon);
  if (colon != std::string::npos && type[colon + 1] == '{') {
    entry.choices = CLI::detail::split(type.substr(colon + 2, type.size() - colon - 3), ',');
  }
  return entry;
}

void describe(const CLI::App& app, const std::string& path, std::vector<Command>& table) {
  Command command{path, app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options()) command.options.push_back(describe(*option));
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* one : below) command.commands.emplace_back(one->get_name(), one->get_description());
  table.push_back(std::move(command));
  for (const CLI::App* one : below) describe(*one, path + " " + one->get_name(), table);
}

}  // namespace

std::vector<Command> command_table(const CLI::App& app) {
  std::vector<Command> table;
  describe(app, "freshet", table);
  return table;
}

}  // namespace freshet::cli
