// SPDX-License-Identifier: Apache-2.0
#include "cli/keys_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "serve/access/key_ring.h"

namespace freshet::cli {
namespace {

struct KeyArguments {
  std::string name, scopes, rate = "-", events;
};

/// The line of the keys file goes to standard output, to be appended to it; the key goes to standard error, shown only
/// once.
void make_key(const KeyArguments& arguments) {
  if (const auto named = serve::check_key_name(arguments.name); !named) {
    throw std::runtime_error(named.error().message);
  }
  const auto scopes = serve::parse_scopes(arguments.scopes);
  if (!scopes) throw std::runtime_error("--scope: " + scopes.error().message);
  const auto limit = serve::parse_rate_limit(arguments.rate);
  if (!limit) throw std::runtime_error("--rate: " + limit.error().message);
  serve::KeyLimits limits{*limit, std::nullopt};
  if (!arguments.events.empty()) {
    const auto events = serve::parse_rate_limit(arguments.events);
    if (!events) throw std::runtime_error("--events: " + events.error().message);
    limits.events = *events;
  }
  const std::string key = serve::new_api_key();
  std::fprintf(stderr, "API key of %s (not stored, shown only now): %s\n", arguments.name.c_str(), key.c_str());
  if (std::fflush(stderr) != 0 || std::ferror(stderr) != 0) {
    throw std::runtime_error("the key cannot be shown: standard error cannot be written");
  }
  std::printf("%s\n", serve::key_line(arguments.name, *scopes, limits, key).c_str());
}

}  // namespace

void add_keys_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("keys", "Make API keys");
  command->require_subcommand(1);
  auto arguments = std::make_shared<KeyArguments>();
  CLI::App* make = command->add_subcommand(
      "new", "Print a new key (standard error) and its line for serve.keys_file (standard output)");
  make->add_option("name", arguments->name, "Name of the key's owner, for logs and metrics")->required();
  make->add_option(
          "--scope", arguments->scopes,
          "Scopes, separated by commas: read (lists, ranking, status), write (events), admin (items, histories)")
      ->required();
  make->add_option("--rate", arguments->rate, "Rate limit: requests per second, or RATE/BURST; \"-\": none");
  make->add_option("--events", arguments->events,
                   "Limit of events written: per second, or RATE/BURST; \"-\": none. Default: 100 per request that "
                   "--rate allows");
  make->callback([arguments] { make_key(*arguments); });
  command->footer(
      "Examples:\n"
      "  freshet keys new shop --scope read,write --rate 500/1000 >> /etc/freshet/keys\n"
      "  freshet keys new operator --scope admin >> /etc/freshet/keys && systemctl reload freshet\n"
      "\n"
      "The keys file contains the SHA-256 of each key, not the key: a lost key cannot be recovered, only replaced.");
}

}  // namespace freshet::cli
