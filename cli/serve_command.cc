#include "cli/serve_command.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/application.h"
#include "app/config.h"
#include "app/version.h"
#include "base/log.h"

namespace freshet::cli {
namespace {

struct ServeArguments {
  std::string config_file;
  app::ConfigOverrides overrides;
};

/// Waits for a signal synchronously: without a handler, nothing has to be async-signal-safe.
int wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  return signal;
}

void serve(const ServeArguments& arguments) {
  const app::Config config = app::load_config_or_throw(arguments.config_file, arguments.overrides);
  log::configure(config.log_level, config.log_format);
  app::log_warnings(config);

  // Blocked before the first thread starts, so that every thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  app::Application application(config);
  log::info("freshet is serving", {{"version", app::kVersion},
                                   {"address", config.serve.address},
                                   {"port", application.port()},
                                   {"data", config.store.directory},
                                   {"log", config.log_kind == app::LogKind::kafka ? "kafka" : "embedded"}});
  int signal = wait_for_signal(signals);
  for (; signal == SIGHUP; signal = wait_for_signal(signals)) application.reload();
  log::info("signal received", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  application.stop();
}

}  // namespace

void add_serve_command(CLI::App& app) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command =
      app.add_subcommand("serve", "Run the service: read the event log, learn, answer requests over HTTP");
  command->footer(
      "Examples:\n"
      "  freshet serve                                  embedded log, ./data, http://127.0.0.1:8080\n"
      "  freshet serve -c configs/kafka.toml            read clicks from Kafka\n"
      "  freshet serve --data /var/lib/freshet --listen 127.0.0.1:9000\n"
      "\n"
      "Runs until SIGTERM or Ctrl-C; then finishes requests, writes a checkpoint and exits. SIGHUP reloads the API "
      "keys\n"
      "and the certificate. All options: docs/config.md, or `freshet config reference`.");
  command->add_option("-c,--config", arguments->config_file, "Configuration file (TOML)")->check(CLI::ExistingFile);
  command->add_option("--data", arguments->overrides.data, "Data directory, overrides store.directory");
  command->add_option("--listen", arguments->overrides.listen,
                      "HOST:PORT, overrides serve.address and serve.port; port 0: any free port");
  command->callback([arguments] { serve(*arguments); });
}

}  // namespace freshet::cli
