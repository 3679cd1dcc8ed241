#pragma once

#include <cstdint>
#include <memory>

#include "app/config.h"

namespace freshet::app {

/// The running service. The composition root: builds store, log, history writer, learner and server from a Config and
/// plugs them together; nothing else knows all of them.
/// Threads:  freshet-writer, freshet-learner, freshet-monitor, and those that log and server own.
/// Errors:   the constructor throws std::runtime_error with one clear line if it cannot start. A broker that is away is
///           not such a reason: it serves what it has and says so in /readyz.
class Application {
 public:
  explicit Application(const Config& config);
  ~Application();  ///< stop()

  /// Where the server listens, also when the configuration asked for any free port.
  std::uint16_t port() const;

  /// Reads again what SIGHUP is for: the files of keys and certificate (serve::Server::reload).
  void reload();

  /// Stops accepting, drains requests, finishes the batch in hand, writes a checkpoint. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::app
