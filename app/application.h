// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "app/config.h"
#include "base/result.h"

namespace freshet::app {

/// The running service, and the composition root: makes store, log, history writer, learner and server from a Config
/// and connects them. Nothing else knows all of them.
/// Threads: one thread calls the methods. Owns the threads freshet-writer, -learner, -monitor and -eraser; log and
///          server own theirs.
/// Errors:  the constructor throws std::runtime_error with one clear line if the service cannot start. An unreachable
///          broker does not prevent that: the service answers from what it has, and /readyz names the problem.
class Application {
 public:
  explicit Application(const Config& config);
  ~Application();  ///< calls stop()

  /// The port that the server listens on, which matters if the configuration asks for any free port.
  std::uint16_t port() const;

  /// Reloads the API keys, the certificate and the audit file (serve::Server::reload). For SIGHUP.
  void reload();

  /// Accepts no more connections, finishes requests and the current batches, writes a checkpoint. Idempotent.
  /// Errors: unavailable if the store cannot be synced. What was acknowledged is in the log all the same.
  Result<void> stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::app
