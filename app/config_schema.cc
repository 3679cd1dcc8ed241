// SPDX-License-Identifier: Apache-2.0
#include "app/config_schema.h"

namespace freshet::app {
namespace {

/// A section that is a table.
ConfigOption value_section() {
  ConfigOption option;
  option.key = "value";
  option.type = "table of numbers -1000000 to 1000000";
  option.help =
      "What an event of a type is worth, such as purchase = 10, cart = 3, dislike = -5: lists are in order of the "
      "value "
      "that is expected of an item. Types: online.blender.actions; 0 for those that are not named. Without any, lists "
      "are "
      "in order of what comes next, whatever its type.";
  option.get = [](const Config& config) { return OptionValue(config.online.values); };
  option.set = [](Config& config, const OptionValue& value) {
    config.online.values = std::get<online::Values>(value);
    return OptionProblems{};
  };
  option.check = [](const Config& config) {
    return online::judge_values(config.online.values, config.online.blender.actions);
  };
  return option;
}

std::vector<ConfigOption> describe() {
  std::vector<ConfigOption> all{
      option::choice("log.kind", &Config::log_kind, {{"embedded", LogKind::embedded}, {"kafka", LogKind::kafka}},
                     "Where the event log is: in the data directory (a single process, no broker) or in Kafka.")};
  append(all, within("events", &Config::decode));
  append(all, within("embedded", &Config::embedded));
  append(all, within("kafka", &Config::kafka));
  append(all, within("writer", &Config::writer));
  append(all, within("store", &Config::store));
  append(all, within("catalogue", &Config::catalogue));
  append(all,
         within<Config, store::ServedOptions>(
             "served", [](auto& config) -> auto& { return config.store.served; }, store::ServedOptions::describe()));
  append(all, within<Config, online::Options>(
                  "online", [](auto& config) -> auto& { return config.online; },
                  online::Options::describe(online::all_parts())));
  all.push_back(value_section());
  append(all, within("serve", &Config::serve));
  append(all, {
                  option::verbatim<Config, std::vector<std::string>>(
                      "replay.columns", &Config::replay_columns, "list of text",
                      "Meaning of each column of a TSV or CSV file, for `freshet replay` and `freshet evaluate`. "
                      "--columns takes precedence."),
                  option::choice("logging.level", &Config::log_level,
                                 {{"debug", log::Level::debug},
                                  {"info", log::Level::info},
                                  {"warn", log::Level::warn},
                                  {"error", log::Level::error}},
                                 "Least important level that is logged."),
                  option::choice("logging.format", &Config::log_format,
                                 {{"text", log::Format::text}, {"json", log::Format::json}},
                                 "Format of a log line: text for people, JSON for programs."),
              });
  return all;
}

}  // namespace

const std::vector<ConfigOption>& config_schema() {
  static const std::vector<ConfigOption> options = describe();
  return options;
}

}  // namespace freshet::app
