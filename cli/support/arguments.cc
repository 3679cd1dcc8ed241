// SPDX-License-Identifier: Apache-2.0
#include "cli/support/arguments.h"

#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/suggestion.h"

namespace freshet::cli {
namespace {

template <typename Number>
CLI::Validator number_in(Number least, Number most, const std::string& expected) {
  return CLI::Validator(
      [=](const std::string& text) {
        Number number{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        return is_number && number >= least && number <= most ? "" : "\"" + text + "\" is not " + expected;
      },
      "");
}

std::string in_quotes(std::string_view word) { return "\"" + std::string(word) + "\""; }

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const std::string from = std::to_string(least);
  return number_in(least, most,
                   most == UINT64_MAX ? "a whole number, " + from + " or more"
                                      : "a whole number from " + from + " to " + std::to_string(most));
}

CLI::Validator number_between(double least, double most) {
  return number_in(least, most,
                   "a number from " + CLI::detail::to_string(least) + " to " + CLI::detail::to_string(most));
}

std::string unknown_command(const CLI::App& app, std::span<const char* const> words) {
  const CLI::App* at = &app;
  std::string so_far = "freshet";
  for (const std::string_view word : words) {
    const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty() || word.starts_with('-')) break;
    std::vector<std::string> names;
    const CLI::App* found = nullptr;
    for (const CLI::App* command : commands) {
      names.push_back(command->get_name());
      if (command->get_name() == word) found = command;
    }
    if (found == nullptr) {
      const std::string close = nearest(word, names);
      std::string all;
      for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
      return in_quotes(word) + " is not a command" +
             (close.empty() ? "; the commands are " + all : "; did you mean " + in_quotes(close) + "?") + " (see `" +
             so_far + " --help`)";
    }
    at = found;
    so_far.append(" ").append(word);
  }
  return "";
}

}  // namespace freshet::cli
