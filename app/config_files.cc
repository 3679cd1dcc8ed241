// SPDX-License-Identifier: Apache-2.0
#include "app/config_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "base/metrics.h"
#include "serve/access/access_control.h"
#include "serve/http/tls_files.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

/// The directory `path`, or, if there is nothing of that name yet, the one in which it would be made.
fs::path nearest_that_exists(const fs::path& path) {
  std::error_code error;
  fs::path nearest = fs::absolute(path, error).lexically_normal();
  while (nearest.has_relative_path() && !fs::exists(fs::symlink_status(nearest, error)))
    nearest = nearest.parent_path();
  return nearest;
}

/// A directory that is written to.
std::optional<ConfigProblem> check_directory(const std::string& key, const std::string& path) {
  const fs::path directory = nearest_that_exists(path);
  std::error_code error;
  if (!fs::is_directory(directory, error)) return ConfigProblem{"", 0, key, directory.string() + " is not a directory"};
  if (access(directory.c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return ConfigProblem{"", 0, key, directory.string() + " cannot be written to: " + std::strerror(errno)};
}

/// A file that is appended to. It is made if need be, with its directory.
std::optional<ConfigProblem> check_appended(const std::string& key, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return check_directory(key, fs::absolute(path, error).parent_path());
  if (fs::is_directory(path, error)) return ConfigProblem{"", 0, key, path + " is a directory"};
  if (access(path.c_str(), W_OK) == 0) return std::nullopt;
  return ConfigProblem{"", 0, key, path + " cannot be written to: " + std::strerror(errno)};
}

/// Whether a property of librdkafka is the path of a file or directory that it reads.
bool names_a_file(std::string_view property) {
  return property.ends_with(".location") || property.ends_with(".keytab") || property.ends_with(".file");
}

void check_kafka(const ingest::KafkaOptions& kafka, std::vector<ConfigProblem>& problems) {
  for (const auto& [property, path] : kafka.properties) {
    const bool by_itself = property == "ssl.ca.location" && path == "probe";  // librdkafka looks in the usual places
    if (!names_a_file(property) || path.empty() || by_itself || access(path.c_str(), R_OK) == 0) continue;
    problems.push_back({"", 0, "kafka.properties." + property, path + " cannot be read: " + std::strerror(errno)});
  }
}

std::optional<ConfigProblem> check_keys(const std::string& file) {
  Metrics metrics;
  try {
    const serve::AccessControl keys(file, metrics);
  } catch (const std::runtime_error& error) {
    return ConfigProblem{"", 0, "", error.what()};  // names the key
  }
  return std::nullopt;
}

std::optional<ConfigProblem> check_certificate(const serve::TlsOptions& tls) {
  if (!tls.enabled()) return std::nullopt;
  const auto checked = serve::check_tls_files(tls);
  return checked ? std::nullopt : std::optional(ConfigProblem{"", 0, "", checked.error().message});  // likewise
}

}  // namespace

std::vector<ConfigProblem> check_files(const Config& config) {
  std::vector<ConfigProblem> problems;
  const auto add = [&](std::optional<ConfigProblem> found) {
    if (found) problems.push_back(*std::move(found));
  };
  add(check_directory("store.directory", config.store.directory));
  if (const std::string& file = config.serve.audit.file; !file.empty()) add(check_appended("serve.audit.file", file));
  check_kafka(config.kafka, problems);
  add(check_keys(config.serve.keys_file));
  add(check_certificate(config.serve.tls));
  return problems;
}

}  // namespace freshet::app
