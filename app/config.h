#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "ingest/options.h"
#include "online/part/options.h"
#include "serve/options.h"
#include "store/options.h"

namespace freshet::app {

enum class LogKind { embedded, kafka };

/// Everything that `freshet serve` can be told, with safe defaults: it runs with no file at all.
struct Config {
  LogKind log_kind = LogKind::embedded;                                        ///< log.kind
  ingest::DecodeOptions decode;                                                ///< [events]
  ingest::EmbeddedOptions embedded;                                            ///< [embedded]
  ingest::KafkaOptions kafka;                                                  ///< [kafka], [kafka.properties]
  ingest::WriterOptions writer;                                                ///< [writer]
  store::Options store;                                                        ///< [store]
  online::Options online;                                                      ///< [online], [online.popularity], ...
  serve::Options serve;                                                        ///< [serve]
  std::vector<std::string> replay_columns{"session", "item", "time", "type"};  ///< replay.columns
  log::Level log_level = log::Level::info;                                     ///< logging.level
  log::Format log_format = log::Format::text;                                  ///< logging.format

  /// "$env:NAME" and "$file:PATH" as they were written, by key, of values that came from there.
  std::map<std::string, std::string> references;
};

/// One thing wrong with a configuration.
struct ConfigProblem {
  std::string file;      ///< empty: not from a file
  std::size_t line = 0;  ///< 0: no particular line
  std::string key;
  std::string message;  ///< "unknown key; did you mean serve.port?"
};

std::string to_string(
    const ConfigProblem& problem);  ///< "configs/kafka.toml:12: serve.prot: unknown key; did you mean …?"

/// What the command line says over file and environment; empty: nothing.
struct ConfigOverrides {
  std::string data;    ///< store.directory
  std::string listen;  ///< serve.address and serve.port, "HOST:PORT"
};

/// Reads `path` over the defaults (empty: defaults only), then environment and overrides, then judges the whole.
/// Reports every problem at once; `config` is only usable if there are none.
std::vector<ConfigProblem> load_config(const std::string& path, const ConfigOverrides& overrides, Config& config);

/// The same, for a command that cannot go on with problems: throws std::runtime_error with all of them, a line each.
Config load_config_or_throw(const std::string& path, const ConfigOverrides& overrides = {});

/// The effective configuration as TOML that load_config reads back to the same; secrets as the "$env:NAME" or
/// "$file:PATH" that they were given as.
std::string print_config(const Config& config);

/// configs/freshet.toml: every key with its default, commented out, to be copied and changed.
std::string config_example();

/// docs/config.md, generated from the same table that load_config uses.
std::string config_reference();

}  // namespace freshet::app
