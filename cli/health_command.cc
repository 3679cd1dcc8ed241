// SPDX-License-Identifier: Apache-2.0
#include "cli/health_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "app/config.h"
#include "base/printable.h"
#include "cli/support/http_client.h"

namespace freshet::cli {
namespace {

constexpr unsigned kOk = 200;

struct HealthArguments {
  std::string config_file, url;
  bool ready = false;
};

/// Where a service with these options answers programs on the same machine.
std::string url_of(const serve::Options& options) {
  std::string host = options.address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return (options.tls.enabled() ? "https://" : "http://") + host + ":" + std::to_string(options.port);
}

void ask(const HealthArguments& arguments) {
  const bool own = arguments.url.empty();
  std::string url = own ? url_of(app::load_config_or_throw(arguments.config_file).serve) : arguments.url;
  if (url.ends_with('/')) url.pop_back();
  // A certificate names what the clients call the service, which need not be what this machine does.
  auto client = HttpClient::make(url, own ? HttpClient::Certificate::any : HttpClient::Certificate::trusted);
  if (!client) throw std::runtime_error("--url: " + client.error().message);
  const char* const target = arguments.ready ? "/readyz" : "/healthz";
  const auto answer = (*client)->get(target);
  if (answer && answer->status == kOk) {
    std::printf("%s\n", arguments.ready ? "ready" : "alive");
    return;
  }
  const std::string why =
      answer ? "HTTP " + std::to_string(answer->status) + ": " + answer->body : answer.error().message;
  std::fprintf(stderr, "freshet: %s%s: %s\n", url.c_str(), target, printable(why).c_str());
  throw CLI::RuntimeError(1);
}

}  // namespace

void add_health_command(CLI::App& app) {
  auto arguments = std::make_shared<HealthArguments>();
  CLI::App* command = app.add_subcommand("health", "Ask a running service whether it is alive, or ready");
  command->footer(
      "Examples:\n"
      "  freshet health                                  where the service listens, by configuration and environment\n"
      "  freshet health --ready --url https://shop.example\n"
      "\n"
      "The exit code is 0 if it is, else 1. A service that catches up with its log is alive, not ready.");
  command->add_option("-c,--config", arguments->config_file, "Configuration file of the service (TOML)")
      ->check(CLI::ExistingFile);
  command->add_option("--url", arguments->url, "URL of the service, instead of the configuration");
  command->add_flag("--ready", arguments->ready, "Ask whether it is ready: /readyz, not /healthz");
  command->callback([arguments] { ask(*arguments); });
}

}  // namespace freshet::cli
