// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_command.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>

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

/// The files say what people did: only the service's user may read them, and a crash leaves no dump of its memory,
/// unless one is asked for while it runs (prlimit --core).
void keep_to_itself() {
  umask(0077);
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = 0;
  setrlimit(RLIMIT_CORE, &core);
}

const char* name_of(int signal) { return signal == SIGTERM ? "SIGTERM" : "SIGINT"; }

/// Hears a stop while the service starts: a file may be a pipe, or on a mount that hangs, and reading a large store
/// takes its time. Then the process exits at once, as if it were killed, which the next start has to bear anyway.
class StartWatch {
 public:
  /// REQUIRES: SIGTERM, SIGINT and SIGUSR1 are blocked.
  StartWatch()
      : thread_([this] {
          pthread_setname_np(pthread_self(), "freshet-start");
          sigset_t signals;
          sigemptyset(&signals);
          for (const int signal : {SIGTERM, SIGINT, kStarted}) sigaddset(&signals, signal);
          int signal = kStarted;
          while (signal == kStarted && !started_) signal = wait_for_signal(signals);
          if (signal == kStarted) return;
          log::warn("signal received while starting; exiting at once", {{"signal", name_of(signal)}});
          std::_Exit(0);
        }) {}
  StartWatch(const StartWatch&) = delete;
  StartWatch& operator=(const StartWatch&) = delete;
  ~StartWatch() {
    started_ = true;
    pthread_kill(thread_.native_handle(), kStarted);
    thread_.join();
  }

 private:
  static constexpr int kStarted = SIGUSR1;  // others may send it too, which means nothing
  std::atomic<bool> started_ = false;
  std::thread thread_;  // last: uses the member above
};

/// Reloads on a thread of its own: a file may be a pipe, or on a mount that hangs, and SIGTERM must be heard meanwhile.
class Reloads {
 public:
  explicit Reloads(app::Application& application)
      : thread_([this, &application] {
          pthread_setname_np(pthread_self(), "freshet-reload");
          for (wanted_.acquire(); !ending_; wanted_.acquire()) application.reload();
          ended_.release();
        }) {}
  Reloads(const Reloads&) = delete;
  Reloads& operator=(const Reloads&) = delete;

  void request() { wanted_.release(); }

  /// False if a reload is in progress and does not end: the process is then to exit without its destructors.
  bool end() {
    constexpr std::chrono::seconds kPatience{1};
    ending_ = true;
    wanted_.release();
    if (!ended_.try_acquire_for(kPatience)) return false;
    thread_.join();
    return true;
  }

 private:
  std::counting_semaphore<> wanted_{0};
  std::binary_semaphore ended_{0};
  std::atomic<bool> ending_ = false;
  std::thread thread_;  // last: uses the members above
};

/// Before the first thread starts, so that every thread inherits the mask. Returns those that serve() waits for.
sigset_t block_signals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  sigset_t blocked = signals;
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  return signals;
}

void serve(const ServeArguments& arguments) {
  keep_to_itself();
  const sigset_t signals = block_signals();
  auto watch = std::make_unique<StartWatch>();
  const app::Config config = app::load_config_or_throw(arguments.config_file, arguments.overrides);
  log::configure(config.log_level, config.log_format);
  app::log_warnings(config);
  app::Application application(config);
  watch.reset();
  log::info("freshet is serving", {{"version", app::kVersion},
                                   {"address", config.serve.address},
                                   {"port", application.port()},
                                   {"data", config.store.directory},
                                   {"log", config.log_kind == app::LogKind::kafka ? "kafka" : "embedded"}});
  Reloads reloads(application);
  int signal = wait_for_signal(signals);
  for (; signal == SIGHUP; signal = wait_for_signal(signals)) reloads.request();
  log::info("signal received", {{"signal", name_of(signal)}});
  const auto stopped = application.stop();
  if (!reloads.end()) {
    log::warn("a reload still waits for a file; it is left");
    std::_Exit(stopped ? 0 : 2);
  }
  if (!stopped) throw std::runtime_error("stopped, but the store could not be synced: " + stopped.error().message);
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
