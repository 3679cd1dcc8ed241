#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "app/config.h"

namespace freshet::app {

/// A configuration value as TOML has it. Durations and sizes are text ("30s", "64MiB").
using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, std::vector<double>,
                                 std::map<std::string, std::string>, std::map<std::string, double>>;

/// One option, documented here and nowhere else: parser, printer and docs/config.md all come from this table.
struct ConfigOption {
  std::string key;   ///< "serve.port"
  std::string type;  ///< for people: "integer 0 to 65535"
  std::string doc;   ///< one sentence
  std::function<ConfigValue(const Config&)> get;
  /// Empty if the value fits; else what was expected. Of the variant's alternatives only the one that get() gives is
  /// offered.
  std::function<std::string(Config&, const ConfigValue&)> set;
};

const std::vector<ConfigOption>& config_schema();

}  // namespace freshet::app
