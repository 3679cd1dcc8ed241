// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "app/config_schema.h"
#include "app/listen_address.h"
#include "base/log.h"
#include "base/suggestion.h"
#include "base/text_file.h"

namespace freshet::app {
namespace {

constexpr const char* kVariablePrefix = "FRESHET_";

/// On one line, because the text can also be a key.
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
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";  // "6" would be an integer
  return text;
}

/// Prints a value as TOML.
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

/// Reads a TOML value as the alternative of OptionValue that the option has. Nullopt if it has another type.
struct Reader {
  const toml::node& node;

  std::optional<OptionValue> operator()(bool) const { return scalar<bool>(); }
  std::optional<OptionValue> operator()(std::int64_t) const { return scalar<std::int64_t>(); }
  std::optional<OptionValue> operator()(const std::string&) const { return scalar<std::string>(); }
  std::optional<OptionValue> operator()(double) const {
    if (const auto value = number(node)) return OptionValue(*value);
    return std::nullopt;
  }
  std::optional<OptionValue> operator()(const std::vector<std::string>&) const {
    return list<std::string>([](const toml::node& entry) { return entry.value_exact<std::string>(); });
  }
  std::optional<OptionValue> operator()(const std::vector<double>&) const { return list<double>(number); }
  std::optional<OptionValue> operator()(const std::map<std::string, std::string>&) const {
    return table<std::string>([](const toml::node& entry) { return entry.value_exact<std::string>(); });
  }
  std::optional<OptionValue> operator()(const std::map<std::string, double>&) const { return table<double>(number); }

 private:
  template <typename T>
  std::optional<OptionValue> scalar() const {
    const auto value = node.value_exact<T>();
    return value ? std::optional(OptionValue(*value)) : std::nullopt;
  }

  static std::optional<double> number(const toml::node& entry) {
    if (!entry.is_number()) return std::nullopt;
    return entry.value<double>();
  }

  template <typename T, typename Read>
  std::optional<OptionValue> list(Read read) const {
    if (!node.is_array()) return std::nullopt;
    std::vector<T> values;
    for (const toml::node& entry : *node.as_array()) {
      const auto value = read(entry);
      if (!value) return std::nullopt;
      values.push_back(*value);
    }
    return OptionValue(std::move(values));
  }

  template <typename T, typename Read>
  std::optional<OptionValue> table(Read read) const {
    if (!node.is_table()) return std::nullopt;
    std::map<std::string, T> values;
    for (const auto& [name, entry] : *node.as_table()) {
      const auto value = read(entry);
      if (!value) return std::nullopt;
      values.emplace(std::string(name.str()), *value);
    }
    return OptionValue(std::move(values));
  }
};

/// Where the value of a key comes from.
struct Origin {
  std::string source;    ///< a file, a variable of the environment, an option of the command line
  std::size_t line = 0;  ///< of a file
};
using Origins = std::map<std::string, Origin>;

class Loader {
 public:
  Loader(const std::string& file, Config& config, Origins& origins) : file_(file), config_(config), origins_(origins) {
    for (const ConfigOption& option : config_schema()) {
      names_.push_back(option.key);
      names_.push_back(section_of(option.key));
    }
  }

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      if (take(key, node)) continue;
      if (const std::string renamed = new_name(key, node); !renamed.empty()) {
        if (table.contains(renamed.substr(renamed.rfind('.') + 1))) {
          report(node, key, "is now called " + renamed + ", which is given too");
        } else {
          warn(node, key, "is now called " + renamed);
          take(renamed, node);
        }
        continue;
      }
      const std::string close = nearest(key, names_);
      report(node, key, close.empty() ? "unknown key" : "unknown key; did you mean " + close + "?");
    }
  }

  std::vector<ConfigProblem> take_problems() { return std::move(problems_); }

 private:
  static std::string section_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

  /// False if there is no such option or section.
  bool take(const std::string& key, const toml::node& node) {
    for (const ConfigOption& option : config_schema()) {
      if (option.key != key) continue;
      set(option, node);
      return true;
    }
    if (!node.is_table() || !is_section(key)) return false;
    read(*node.as_table(), key);
    return true;
  }

  static bool is_section(const std::string& key) {
    return std::ranges::any_of(config_schema(),
                               [&](const ConfigOption& option) { return option.key.starts_with(key + "."); });
  }

  /// Of an option or, if the node is a table, a section with this former name; empty: there is none.
  static std::string new_name(const std::string& former, const toml::node& node) {
    for (const ConfigOption& option : config_schema()) {
      if (option.former_key == former) return option.key;
      if (node.is_table() && section_of(option.former_key) == former) return section_of(option.key);
    }
    return {};
  }

  void set(const ConfigOption& option, const toml::node& node) {
    origins_[option.key] = {file_, node.source().begin.line};
    const auto value = std::visit(Reader{node}, option.get(config_));
    if (!value) return report(node, option.key, "expected " + option.type);
    for (const OptionProblem& problem : option.set(config_, *value)) {
      problem.warning ? warn(node, problem.key, problem.message) : report(node, problem.key, problem.message);
    }
  }

  void report(const toml::node& node, const std::string& key, std::string message) {
    problems_.push_back({file_, node.source().begin.line, key, std::move(message)});
  }

  void warn(const toml::node& node, const std::string& key, std::string message) {
    config_.warnings.push_back({file_, node.source().begin.line, key, std::move(message)});
  }

  const std::string& file_;
  Config& config_;
  Origins& origins_;
  std::vector<std::string> names_;  // of options and sections
  std::vector<ConfigProblem> problems_;
};

std::vector<ConfigProblem> read_file(const std::string& path, Config& config, Origins& origins) {
  const auto text = read_text_file(path);
  if (!text) return {{path, 0, "", text.error().message}};
  try {
    const toml::table table = toml::parse(*text, path);
    Loader loader(path, config, origins);
    loader.read(table, "");
    return loader.take_problems();
  } catch (const toml::parse_error& error) {
    return {{path, error.source().begin.line, "", std::string(error.description())}};
  }
}

/// "serve.tls.key" to "FRESHET_SERVE_TLS_KEY".
std::string variable_of(const std::string& key) {
  std::string name = kVariablePrefix + key;
  for (char& c : name) c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

/// Options from the environment and the command line, over those of the file.
class Overrides {
 public:
  Overrides(Config& config, Origins& origins, std::vector<ConfigProblem>& problems)
      : config_(config), origins_(origins), problems_(problems) {}

  void read_environment() {
    std::vector<std::string> names;
    for (const ConfigOption& option : config_schema()) {
      names.push_back(variable_of(option.key));
      if (const char* text = std::getenv(names.back().c_str())) set(names.back(), option, text);
    }
    for (const char* const* entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      const std::string name(text.substr(0, text.find('=')));
      if (!names_a_section(name) || std::ranges::find(names, name) != names.end()) continue;
      const std::string close = nearest(name, names);
      problems_.push_back(
          {"", 0, name, close.empty() ? "names no option" : "names no option; did you mean " + close + "?"});
    }
    if (const char* directory = std::getenv("FRESHET_DATA")) set_directory("FRESHET_DATA", directory);
    if (const char* listen = std::getenv("FRESHET_LISTEN")) set_listen("FRESHET_LISTEN", listen);
  }

  void set_directory(const std::string& source, const std::string& directory) {
    config_.store.directory = directory;
    origins_["store.directory"] = {source};
  }

  void set_listen(const std::string& source, const std::string& text) {
    if (std::string problem = apply_listen_address(text, config_.serve); !problem.empty()) {
      problems_.push_back({"", 0, source, std::move(problem)});
    }
    origins_["serve.address"] = origins_["serve.port"] = {source};
  }

 private:
  static bool names_a_section(const std::string& variable) {
    return std::ranges::any_of(config_schema(), [&](const ConfigOption& option) {
      return variable.starts_with(variable_of(option.key.substr(0, option.key.find('.')) + "."));
    });
  }

  /// Text is taken as it is; anything else is written as in the file.
  void set(const std::string& variable, const ConfigOption& option, const std::string& text) {
    origins_[option.key] = {variable};
    const OptionValue before = option.get(config_);
    std::optional<OptionValue> value;
    if (std::holds_alternative<std::string>(before)) {
      value = text;
    } else {
      try {
        const toml::table table = toml::parse("value = " + text);
        if (table.size() == 1) value = std::visit(Reader{*table.get("value")}, before);
      } catch (const toml::parse_error&) {
      }
    }
    if (!value) return problems_.push_back({variable, 0, option.key, "expected " + option.type});
    for (OptionProblem& problem : option.set(config_, *value)) {
      (problem.warning ? config_.warnings : problems_)
          .push_back({variable, 0, std::move(problem.key), std::move(problem.message)});
    }
  }

  Config& config_;
  Origins& origins_;
  std::vector<ConfigProblem>& problems_;
};

/// Calls `on_text` with the key, the name of the entry (of a table; else empty) and the text of everything in `value`
/// that can be given as "$env:NAME" or "$file:PATH".
template <typename OnText>
void for_each_reference(const ConfigOption& option, OptionValue& value, OnText on_text) {
  if (auto* text = std::get_if<std::string>(&value)) on_text(option.key, "", *text);
  if (auto* table = std::get_if<std::map<std::string, std::string>>(&value)) {
    for (auto& [name, text] : *table) on_text(option.key + "." + name, name, text);
  }
}

/// Replaces a reference by what it refers to. Returns what is wrong with it; empty: nothing.
std::string resolve(std::string& value, bool must_be_reference) {
  if (value.starts_with("$env:")) {
    const char* secret = std::getenv(value.c_str() + 5);
    if (secret == nullptr) return "the environment has no " + value.substr(5);
    if (*secret == '\0') return value.substr(5) + " in the environment is empty";
    value = secret;
  } else if (value.starts_with("$file:")) {
    const std::string file = value.substr(6);
    const auto text = read_text_file(file);
    if (!text) return file + " " + text.error().message;
    if (text->empty()) return file + " is empty";
    value = text->substr(0, text->find('\n'));
    if (value.empty()) return file + " begins with an empty line";
  } else if (must_be_reference && !value.empty()) {
    return "is a secret: give \"$env:NAME\" or \"$file:PATH\" instead";
  }
  return {};
}

void resolve_references(Config& config, std::vector<ConfigProblem>& problems) {
  for (const ConfigOption& option : config_schema()) {
    if (!option.is_secret) continue;
    OptionValue value = option.get(config);
    for_each_reference(option, value, [&](const std::string& key, const std::string& entry, std::string& text) {
      const std::string written = text;
      std::string problem = resolve(text, option.is_secret(entry));
      if (!problem.empty()) problems.push_back({"", 0, key, std::move(problem)});
      if (text != written) config.references[key] = written;
    });
    (void)option.set(config, value);  // cannot fail: texts and tables are judged by validate()
  }
}

void validate(const Config& config, const Origins& origins, std::vector<ConfigProblem>& problems) {
  const auto add = [&](const std::string& section, const OptionProblems& of_section) {
    for (const OptionProblem& found : of_section) {
      ConfigProblem problem{"", 0, section + "." + found.key, found.message};
      for (const auto& [key, origin] : origins) {  // the key, or the table that it is an entry of
        if (problem.key != key && !problem.key.starts_with(key + ".")) continue;
        problem.file = origin.source;
        problem.line = origin.line;
      }
      problems.push_back(std::move(problem));
    }
  };
  add("events", config.decode.validate());
  add("embedded", config.embedded.validate());
  add("kafka", config.kafka.validate());
  add("writer", config.writer.validate());
  add("store", config.store.validate());
  add("catalogue", config.catalogue.validate());
  add("served", config.store.served.validate());
  add("serve", config.serve.validate());
  add("online", config.online.validate());
  add("value", online::judge_values(config.online.values, config.online.blender.actions));
}

std::string default_of(const ConfigOption& option) {
  static const Config defaults;
  return std::visit(Printer{}, option.get(defaults));
}

/// Calls `on_section` at the start of each section and `on_option` with each option's name in it; without a name if the
/// option is the section.
template <typename OnSection, typename OnOption>
void walk_schema(OnSection on_section, OnOption on_option) {
  std::string section;
  for (const ConfigOption& option : config_schema()) {
    const std::size_t dot = option.key.rfind('.');
    if (option.key.substr(0, dot) != section) {
      section = option.key.substr(0, dot);
      on_section(section);
    }
    on_option(dot == std::string::npos ? "" : option.key.substr(dot + 1), option);
  }
}

/// Of a section that is a table of numbers.
std::string entries(const OptionValue& table) {
  std::string text;
  for (const auto& [name, number] : std::get<std::map<std::string, double>>(table)) {
    text += toml_text(name) + " = " + toml_number(number) + "\n";
  }
  return text;
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
  Origins origins;
  if (!path.empty()) problems = read_file(path, config, origins);
  Overrides over_file(config, origins, problems);
  over_file.read_environment();
  if (!overrides.data.empty()) over_file.set_directory("--data", overrides.data);
  if (!overrides.listen.empty()) over_file.set_listen("--listen", overrides.listen);
  resolve_references(config, problems);
  validate(config, origins, problems);
  // In the order of the file; problems of no line come last.
  for (auto* list : {&problems, &config.warnings}) {
    std::ranges::stable_sort(*list, {}, [](const ConfigProblem& problem) { return problem.line - 1; });
  }
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

void log_warnings(const Config& config) {
  for (const ConfigProblem& warning : config.warnings) {
    log::warn("the configuration uses a former name; it still works, but should be replaced",
              {{"problem", to_string(warning)}});
  }
}

std::string print_config(const Config& config) {
  const auto shown = [&](const ConfigOption& option) {
    OptionValue value = option.get(config);
    if (!option.is_secret) return value;
    for_each_reference(option, value, [&](const std::string& key, const std::string&, std::string& text) {
      const auto written = config.references.find(key);
      if (written != config.references.end()) text = written->second;
    });
    return value;
  };
  std::string text;
  walk_schema([&](const std::string& section) { text += (text.empty() ? "[" : "\n[") + section + "]\n"; },
              [&](const std::string& name, const ConfigOption& option) {
                text +=
                    name.empty() ? entries(shown(option)) : name + " = " + std::visit(Printer{}, shown(option)) + "\n";
              });
  return text;
}

std::string config_example() {
  std::string text =
      "# freshet: every option with its default. Uncomment the ones that you change.\n"
      "# Reference: docs/config.md. Check a file with: freshet config check FILE\n";
  walk_schema([&](const std::string& section) { text += "\n[" + section + "]\n"; },
              [&](const std::string& name, const ConfigOption& option) {
                text += "# " + option.help + "\n";
                if (!name.empty()) text += "# " + name + " = " + default_of(option) + "\n";
              });
  return text;
}

std::string config_reference() {
  std::string text =
      "# Configuration\n\n"
      "Generated by `freshet config reference`; do not edit.\n\n"
      "`freshet serve` needs no configuration file; `-c FILE` reads a TOML file over these defaults. A duration is a "
      "whole\n"
      "number with `ms`, `s`, `m`, `h` or `d`; a size is a whole number of bytes or has `KiB`, `MiB` or `GiB`.\n"
      "`freshet config check FILE` reports every problem at once, then tries the files and directories that the file "
      "names\n"
      "(as the user that runs it). `freshet config print -c FILE` shows the effective configuration. Options\n"
      "that have been renamed are still read under their former names, with a warning.\n\n"
      "Every option can come from the environment instead, which overrides the file: `serve.tls.key` is\n"
      "`FRESHET_SERVE_TLS_KEY`. Text is taken as it is, without quotes; numbers, `true` and `false`, lists\n"
      "(`[\"a\", \"b\"]`) and tables (`{ name = \"value\" }`) are as in the file. A variable that begins like a "
      "section and "
      "names no option is\n"
      "refused. `FRESHET_LISTEN` (HOST:PORT) and `FRESHET_DATA` (`store.directory`) are short forms, and override "
      "these; the\n"
      "command line overrides all.\n";
  walk_schema(
      [&](const std::string& section) {
        text += "\n## [" + section + "]\n\n| key | default | type | |\n|---|---|---|---|\n";
      },
      [&](const std::string& name, const ConfigOption& option) {
        text += name.empty() ? "| a name | " : "| `" + name + "` | `" + default_of(option) + "` ";
        text += "| " + option.type + " | " + option.help + " |\n";
      });
  return text;
}

}  // namespace freshet::app
