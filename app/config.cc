#include "app/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "app/config_schema.h"
#include "app/listen_address.h"
#include "base/suggestion.h"

namespace freshet::app {
namespace {

/// On one line, so that it may also be a key.
std::string toml_text(const std::string& text) {
  using enum toml::format_flags;
  auto flags = toml::toml_formatter::default_flags;
  if (text.find('\n') != std::string::npos) flags &= ~(allow_multi_line_strings | allow_literal_strings);
  std::ostringstream out;
  out << toml::toml_formatter{toml::value<std::string>(text), flags};
  return out.str();
}

std::string toml_number(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";  // 6 would be an integer
  return text;
}

/// A value as TOML text.
struct Printer {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return toml_number(value); }
  std::string operator()(const std::string& value) const { return toml_text(value); }
  std::string operator()(const std::vector<std::string>& values) const { return list(values); }
  std::string operator()(const std::vector<double>& values) const { return list(values); }
  std::string operator()(const std::map<std::string, double>& values) const { return table(values); }
  std::string operator()(const std::map<std::string, std::string>& values) const { return table(values); }

 private:
  template <typename T>
  std::string list(const std::vector<T>& values) const {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ", ") + (*this)(value);
    return "[" + text + "]";
  }

  template <typename T>
  std::string table(const std::map<std::string, T>& values) const {
    std::string text;
    for (const auto& [name, value] : values) {
      text += (text.empty() ? " " : ", ") + toml_text(name) + " = " + (*this)(value);
    }
    return "{" + text + " }";
  }
};

/// Reads one TOML value as the alternative of ConfigValue that the option has; nullopt if it is another type.
struct Reader {
  const toml::node& node;

  std::optional<ConfigValue> operator()(bool) const { return scalar<bool>(); }
  std::optional<ConfigValue> operator()(std::int64_t) const { return scalar<std::int64_t>(); }
  std::optional<ConfigValue> operator()(const std::string&) const { return scalar<std::string>(); }
  std::optional<ConfigValue> operator()(double) const {
    if (const auto value = number(node)) return ConfigValue(*value);
    return std::nullopt;
  }
  std::optional<ConfigValue> operator()(const std::vector<std::string>&) const {
    return list<std::string>([](const toml::node& entry) { return entry.value_exact<std::string>(); });
  }
  std::optional<ConfigValue> operator()(const std::vector<double>&) const { return list<double>(number); }
  std::optional<ConfigValue> operator()(const std::map<std::string, std::string>&) const {
    return table<std::string>([](const toml::node& entry) { return entry.value_exact<std::string>(); });
  }
  std::optional<ConfigValue> operator()(const std::map<std::string, double>&) const { return table<double>(number); }

 private:
  template <typename T>
  std::optional<ConfigValue> scalar() const {
    const auto value = node.value_exact<T>();
    return value ? std::optional(ConfigValue(*value)) : std::nullopt;
  }

  static std::optional<double> number(const toml::node& entry) {
    if (!entry.is_number()) return std::nullopt;
    return entry.value<double>();
  }

  template <typename T, typename Read>
  std::optional<ConfigValue> list(Read read) const {
    if (!node.is_array()) return std::nullopt;
    std::vector<T> values;
    for (const toml::node& entry : *node.as_array()) {
      const auto value = read(entry);
      if (!value) return std::nullopt;
      values.push_back(*value);
    }
    return ConfigValue(std::move(values));
  }

  template <typename T, typename Read>
  std::optional<ConfigValue> table(Read read) const {
    if (!node.is_table()) return std::nullopt;
    std::map<std::string, T> values;
    for (const auto& [name, entry] : *node.as_table()) {
      const auto value = read(entry);
      if (!value) return std::nullopt;
      values.emplace(std::string(name.str()), *value);
    }
    return ConfigValue(std::move(values));
  }
};

/// Where the file sets a key.
using KeyLines = std::map<std::string, std::size_t>;

class Loader {
 public:
  Loader(const std::string& file, Config& config, KeyLines& lines) : file_(file), config_(config), lines_(lines) {
    for (const ConfigOption& option : config_schema()) {
      keys_.push_back(option.key);
      names_.push_back(option.key);
      names_.push_back(option.key.substr(0, option.key.rfind('.')));
    }
  }

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      const ConfigOption* option = find(key);
      if (option != nullptr) {
        set(*option, node);
      } else if (node.is_table() && is_section(key)) {
        read(*node.as_table(), key);
      } else {
        const std::string close = nearest(key, names_);
        report(node, key, close.empty() ? "unknown key" : "unknown key; did you mean " + close + "?");
      }
    }
  }

  std::vector<ConfigProblem> take() { return std::move(problems_); }

 private:
  static const ConfigOption* find(const std::string& key) {
    for (const ConfigOption& option : config_schema()) {
      if (option.key == key) return &option;
    }
    return nullptr;
  }

  bool is_section(const std::string& key) const {
    return std::ranges::any_of(keys_, [&](const std::string& known) { return known.starts_with(key + "."); });
  }

  void set(const ConfigOption& option, const toml::node& node) {
    lines_[option.key] = node.source().begin.line;
    const auto value = std::visit(Reader{node}, option.get(config_));
    if (!value) return report(node, option.key, "expected " + option.type);
    const std::string expected = option.set(config_, *value);
    if (!expected.empty()) report(node, option.key, expected);
  }

  void report(const toml::node& node, const std::string& key, std::string message) {
    problems_.push_back({file_, node.source().begin.line, key, std::move(message)});
  }

  const std::string& file_;
  Config& config_;
  KeyLines& lines_;
  std::vector<std::string> keys_;
  std::vector<std::string> names_;  // of keys and sections
  std::vector<ConfigProblem> problems_;
};

std::vector<ConfigProblem> read_file(const std::string& path, Config& config, KeyLines& lines) {
  std::ifstream in(path);
  if (!in) return {{path, 0, "", "cannot be opened"}};
  if (std::filesystem::is_directory(path)) return {{path, 0, "", "is a directory"}};
  std::stringstream text;
  text << in.rdbuf();
  try {
    const toml::table table = toml::parse(text.str(), path);
    Loader loader(path, config, lines);
    loader.read(table, "");
    return loader.take();
  } catch (const toml::parse_error& error) {
    return {{path, error.source().begin.line, "", std::string(error.description())}};
  }
}

/// Only addresses and secrets come from the environment; everything else is in one place, the file.
void apply_environment(Config& config, std::vector<ConfigProblem>& problems) {
  if (const char* directory = std::getenv("FRESHET_DATA")) config.store.directory = directory;
  if (const char* brokers = std::getenv("FRESHET_KAFKA_BROKERS")) config.kafka.brokers = brokers;
  if (const char* listen = std::getenv("FRESHET_LISTEN")) {
    if (!apply_listen_address(listen, config.serve)) {
      problems.push_back({"", 0, "FRESHET_LISTEN", "expected HOST:PORT"});
    }
  }
}

/// What must not stand in a file that is copied, committed and printed.
bool is_secret(const std::string& key) {
  return key == "serve.audit.hash_key" || key == "store.pseudonym_key" ||
         std::ranges::any_of(std::array{"password", "secret", "key.pem", "jaas"},
                             [&](const char* word) { return key.find(word) != std::string::npos; });
}

/// Calls `on_value` with key and value of everything that may be given as "$env:NAME" or "$file:PATH".
template <typename OnValue>
void for_each_reference(Config& config, OnValue on_value) {
  for (auto& [name, value] : config.kafka.properties) on_value("kafka.properties." + name, value);
  on_value("serve.audit.hash_key", config.serve.audit.hash_key);
  on_value("store.pseudonym_key", config.store.pseudonym_key);
}

void resolve_references(Config& config, std::vector<ConfigProblem>& problems) {
  for_each_reference(config, [&](const std::string& key, std::string& value) {
    const std::string written = value;
    if (value.starts_with("$env:")) {
      const char* secret = std::getenv(value.c_str() + 5);
      if (secret == nullptr) {
        problems.push_back({"", 0, key, "the environment has no " + value.substr(5)});
      } else {
        value = secret;
      }
    } else if (value.starts_with("$file:")) {
      std::ifstream in(value.substr(6));
      std::string secret;
      if (!in || !std::getline(in, secret)) {
        problems.push_back({"", 0, key, "cannot read " + value.substr(6)});
      } else {
        value = secret;
      }
    } else if (is_secret(key) && !value.empty()) {
      problems.push_back({"", 0, key, "is a secret: give \"$env:NAME\" or \"$file:PATH\" instead"});
    }
    if (value != written) config.references[key] = written;
  });
}

void validate(const Config& config, const std::string& file, const KeyLines& lines,
              std::vector<ConfigProblem>& problems) {
  const auto add = [&](const std::string& prefix, const std::vector<std::string>& messages) {
    for (const std::string& message : messages) {
      const std::size_t colon = message.find(": ");
      ConfigProblem problem{"", 0, prefix + message.substr(0, colon), message.substr(colon + 2)};
      for (const auto& [key, line] : lines) {  // the key, or the table that it is an entry of
        if (problem.key != key && !problem.key.starts_with(key + ".")) continue;
        problem.file = file;
        problem.line = line;
      }
      problems.push_back(std::move(problem));
    }
  };
  for (const auto& messages : {config.decode.validate(), config.embedded.validate(), config.kafka.validate(),
                               config.writer.validate(), config.store.validate(), config.serve.validate()}) {
    add("", messages);
  }
  add("online.", config.online.validate());
}

std::string default_of(const ConfigOption& option) {
  static const Config defaults;
  return std::visit(Printer{}, option.get(defaults));
}

/// Calls `on_section` where one begins and `on_option` with each option's name in it, in the order of the schema.
template <typename OnSection, typename OnOption>
void walk_schema(OnSection on_section, OnOption on_option) {
  std::string section;
  for (const ConfigOption& option : config_schema()) {
    const std::size_t dot = option.key.rfind('.');
    if (option.key.substr(0, dot) != section) {
      section = option.key.substr(0, dot);
      on_section(section);
    }
    on_option(option.key.substr(dot + 1), option);
  }
}

}  // namespace

std::string to_string(const ConfigProblem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += ":" + std::to_string(problem.line);
  if (!text.empty()) text += ": ";
  if (!problem.key.empty()) text += problem.key + ": ";
  return text + problem.message;
}

std::vector<ConfigProblem> load_config(const std::string& path, const ConfigOverrides& overrides, Config& config) {
  std::vector<ConfigProblem> problems;
  KeyLines lines;
  if (!path.empty()) problems = read_file(path, config, lines);
  resolve_references(config, problems);
  const Config as_written = config;
  apply_environment(config, problems);
  if (!overrides.data.empty()) config.store.directory = overrides.data;
  if (!overrides.listen.empty() && !apply_listen_address(overrides.listen, config.serve)) {
    problems.push_back({"", 0, "--listen", "expected HOST:PORT"});
  }
  for (const ConfigOption& option : config_schema()) {
    if (option.get(config) != option.get(as_written)) lines.erase(option.key);  // overridden
  }
  validate(config, path, lines, problems);
  // As a person reads the file, and then what is not in it.
  std::ranges::stable_sort(problems, {}, [](const ConfigProblem& problem) { return problem.line - 1; });
  return problems;
}

Config load_config_or_throw(const std::string& path, const ConfigOverrides& overrides) {
  Config config;
  std::string lines;
  for (const ConfigProblem& problem : load_config(path, overrides, config)) {
    lines += (lines.empty() ? "" : "\n") + to_string(problem);
  }
  if (!lines.empty()) throw std::runtime_error(lines);
  return config;
}

std::string print_config(const Config& config) {
  Config shown = config;
  for_each_reference(shown, [&](const std::string& key, std::string& value) {
    const auto written = config.references.find(key);
    if (written != config.references.end()) value = written->second;
  });
  std::string text;
  walk_schema([&](const std::string& section) { text += (text.empty() ? "[" : "\n[") + section + "]\n"; },
              [&](const std::string& name, const ConfigOption& option) {
                text += name + " = " + std::visit(Printer{}, option.get(shown)) + "\n";
              });
  return text;
}

std::string config_example() {
  std::string text =
      "# freshet: the default configuration, every key with its default. Uncomment what you change.\n"
      "# What each key means and takes: docs/config.md. Check with: freshet config check FILE\n";
  walk_schema([&](const std::string& section) { text += "\n[" + section + "]\n"; },
              [&](const std::string& name, const ConfigOption& option) {
                text += "# " + option.doc + "\n# " + name + " = " + default_of(option) + "\n";
              });
  return text;
}

std::string config_reference() {
  std::string text =
      "# Configuration\n\n"
      "Generated by `freshet config reference`; do not edit.\n\n"
      "`freshet serve` runs on these defaults with no file at all; `-c FILE` reads a TOML file over them. Durations "
      "are a\n"
      "whole number with `ms`, `s`, `m`, `h` or `d`; sizes take `KiB`, `MiB`, `GiB`. `freshet config check FILE` "
      "reports\n"
      "every problem at once; `freshet config print -c FILE` shows what would be used.\n\n"
      "The environment overrides addresses: `FRESHET_LISTEN` (HOST:PORT), `FRESHET_DATA` (`store.directory`) and\n"
      "`FRESHET_KAFKA_BROKERS`.\n";
  walk_schema(
      [&](const std::string& section) {
        text += "\n## [" + section + "]\n\n| key | default | type | |\n|---|---|---|---|\n";
      },
      [&](const std::string& name, const ConfigOption& option) {
        text += "| `" + name + "` | `" + default_of(option) + "` | " + option.type + " | " + option.doc + " |\n";
      });
  return text;
}

}  // namespace freshet::app
