// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "ingest/options.h"
#include "online/all_parts.h"
#include "online/part/options.h"
#include "serve/options.h"
#include "store/catalogue/catalogue_options.h"
#include "store/options.h"

namespace freshet::app {

enum class LogKind { embedded, kafka };

/// One thing wrong with a configuration, or to be changed about it.
struct ConfigProblem {
  std::string file;      ///< or variable of the environment, or option of the command line; empty: from neither
  std::size_t line = 0;  ///< 0: no particular line
  std::string key;
  std::string message;  ///< "unknown key; did you mean serve.port?"
};

/// "configs/kafka.toml:12: serve.prot: unknown key; did you mean serve.port?"
std::string to_string(const ConfigProblem& problem);

/// The configuration of `freshet serve`. The defaults are safe, and no file is needed. Its options: config_schema.h.
struct Config {
  LogKind log_kind = LogKind::embedded;                                        ///< log.kind
  ingest::DecodeOptions decode;                                                ///< [events]
  ingest::EmbeddedOptions embedded;                                            ///< [embedded]
  ingest::KafkaOptions kafka;                                                  ///< [kafka], [kafka.properties]
  ingest::WriterOptions writer;                                                ///< [writer]
  store::Options store;                                                        ///< [store], [served]
  store::CatalogueOptions catalogue;                                           ///< [catalogue]
  online::Options online{online::all_parts()};                                 ///< [online], [online.popularity], ...
  serve::Options serve;                                                        ///< [serve]
  std::vector<std::string> replay_columns{"session", "item", "time", "type"};  ///< replay.columns
  log::Level log_level = log::Level::info;                                     ///< logging.level
  log::Format log_format = log::Format::text;                                  ///< logging.format

  /// By key, the "$env:NAME" or "$file:PATH" that a value was read from.
  std::map<std::string, std::string> references;
  /// What was read under a former name.
  std::vector<ConfigProblem> warnings;
};

/// Values of the command line, which take precedence over file and environment; empty: not given.
struct ConfigOverrides {
  std::string data;    ///< store.directory
  std::string listen;  ///< serve.address and serve.port, "HOST:PORT"
};

/// Reads the file `path` over the defaults (empty: defaults only), then environment and overrides, then checks the whole.
/// Errors: every problem at once; `config` is usable only if there are none.
std::vector<ConfigProblem> load_config(const std::string& path, const ConfigOverrides& overrides, Config& config);

/// The same for a command that cannot run with problems.
/// Errors: throws std::runtime_error with all problems, one per line.
Config load_config_or_throw(const std::string& path, const ConfigOverrides& overrides = {});

/// Logs the warnings. Call it once logging is configured.
void log_warnings(const Config& config);

/// The effective configuration as TOML, which load_config reads back to the same configuration. Secrets appear as the
/// "$env:NAME" or "$file:PATH" they were given as.
std::string print_config(const Config& config);

/// configs/freshet.toml: every key with its default, commented out.
std::string config_example();

/// docs/config.md.
std::string config_reference();

}  // namespace freshet::app
