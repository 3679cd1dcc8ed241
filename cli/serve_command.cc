#include "cli/serve_command.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/log.h"
#include "cli/application.h"
#include "cli/config.h"
#include "cli/version.h"

namespace freshet::cli {
namespace {

struct ServeArguments {
  std::string config_file;
  std::string data;
  std::string listen;
};

/// "HOST:PORT" into `options`; an IPv6 host is written "[::1]:8080".
void apply_listen(const std::string& listen, serve::Options& options) {
  const std::size_t colon = listen.rfind(':');
  std::size_t digits = 0;
  int port = -1;
  try {
    if (colon != std::string::npos) port = std::stoi(listen.substr(colon + 1), &digits);
  } catch (const std::exception&) {
    port = -1;
  }
  if (port < 0 || port > 65535 || digits != listen.size() - colon - 1) {
    throw std::runtime_error("--listen: \"" + listen + "\" is not HOST:PORT");
  }
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  options.address = host;
  options.port = static_cast<std::uint16_t>(port);
}

Config effective_config(const ServeArguments& arguments) {
  Config config;
  std::vector<ConfigProblem> problems = load_config(arguments.config_file, config);
  if (!arguments.data.empty()) config.store.directory = arguments.data;
  if (!arguments.listen.empty()) apply_listen(arguments.listen, config.serve);
  for (const std::string& message : config.serve.validate()) problems.push_back({"", 0, "", message});
  if (problems.empty()) return config;

  std::string lines;
  for (const ConfigProblem& problem : problems) {
    const std::string line = to_string(problem);
    if (lines.find(line) == std::string::npos) lines += (lines.empty() ? "" : "\n") + line;
  }
  throw std::runtime_error(lines);
}

/// Signals are taken synchronously by the thread that waits here: no handler, nothing async-signal-unsafe.
int wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

void serve(const ServeArguments& arguments) {
  const Config config = effective_config(arguments);
  log::configure(config.log_level, config.log_format);

  // Blocked before the first thread starts, so that every thread inherits it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Application application(config);
  log::info("freshet is serving", {{"version", kVersion},
                                   {"address", config.serve.address},
                                   {"port", application.port()},
                                   {"data", config.store.directory},
                                   {"log", config.log_kind == LogKind::kafka ? "kafka" : "embedded"}});
  const int signal = wait_for_signal(signals);
  log::info("signal received", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  application.stop();
}

}  // namespace

void add_serve_command(CLI::App& app) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command = app.add_subcommand("serve", "Run the service: read the event log, learn, answer over HTTP");
  command->footer(
      "Examples:\n"
      "  freshet serve                                  embedded log, ./data, http://127.0.0.1:8080\n"
      "  freshet serve -c configs/kafka.toml            read clicks from Kafka\n"
      "  freshet serve --data /var/lib/freshet --listen 127.0.0.1:9000\n"
      "\n"
      "Runs until SIGTERM or Ctrl-C, then drains, checkpoints and exits. Every option: docs/config.md");
  command->add_option("-c,--config", arguments->config_file, "Configuration file (TOML)")->check(CLI::ExistingFile);
  command->add_option("--data", arguments->data, "Data directory, instead of store.directory");
  command->add_option("--listen", arguments->listen, "HOST:PORT, instead of serve.address and serve.port; port 0: any");
  command->callback([arguments] { serve(*arguments); });
}

}  // namespace freshet::cli
