// SPDX-License-Identifier: Apache-2.0
#include "cli/config_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "app/config.h"
#include "app/config_files.h"
#include "base/log.h"
#include "base/printable.h"

namespace freshet::cli {

void add_config_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("config", "Check and print the configuration");
  command->require_subcommand(1);
  auto file = std::make_shared<std::string>();

  CLI::App* check = command->add_subcommand(
      "check", "Check a configuration file, and the files that it names, and print every problem");
  check->add_option("file", *file, "Configuration file (TOML)")->required()->check([](const std::string& text) {
    return std::string(text.empty() ? "no file is named" : "");
  });
  check->callback([file] {
    log::configure(log::Level::warn, log::Format::text);
    app::Config config;
    auto problems = app::load_config(*file, {}, config);
    if (problems.empty()) problems = app::check_files(config);
    for (const app::ConfigProblem& warning : config.warnings) {
      std::fprintf(stderr, "%s\n", printable_lines(to_string(warning)).c_str());
    }
    for (const app::ConfigProblem& problem : problems)
      std::fprintf(stderr, "%s\n", printable_lines(to_string(problem)).c_str());
    if (!problems.empty()) throw CLI::RuntimeError(1);
    std::printf("%s is valid\n", file->c_str());
  });

  CLI::App* print =
      command->add_subcommand("print", "Print the effective configuration: file, environment and defaults");
  print->add_option("-c,--config", *file, "Configuration file (TOML)")->check(CLI::ExistingFile);
  print->callback([file] {
    const app::Config config = app::load_config_or_throw(*file);
    app::log_warnings(config);
    std::fputs(app::print_config(config).c_str(), stdout);
  });

  CLI::App* example = command->add_subcommand("example", "Print a configuration file with every option at its default");
  example->callback([] { std::fputs(app::config_example().c_str(), stdout); });

  CLI::App* reference = command->add_subcommand("reference", "Print the reference of all options (docs/config.md)");
  reference->callback([] { std::fputs(app::config_reference().c_str(), stdout); });

  command->footer(
      "Examples:\n  freshet config example > freshet.toml\n  freshet config check configs/kafka.toml\n  freshet config "
      "print -c configs/dev.toml");
}

}  // namespace freshet::cli
