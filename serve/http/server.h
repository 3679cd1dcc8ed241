// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "serve/options.h"
#include "serve/services.h"

namespace freshet::serve {

/// The HTTP/1.1 server, with TLS if the options name a certificate.
/// Owns:   its I/O threads ("freshet-io-N"), the thread for disk work ("freshet-disk"), the one for large bodies
///         ("freshet-bodies") and the one for lists and pages that take long ("freshet-reads").
/// Errors: the constructor throws std::runtime_error if it cannot listen ("cannot listen on 127.0.0.1:8080: address in
///         use") or cannot use its files.
class Server {
 public:
  Server(const Options& options, Services services);
  ~Server();  ///< stop()

  std::uint16_t port() const;

  /// Reads the files of keys and certificate again, and opens the audit file again. Connections stay open. A file that
  /// cannot be used is logged; the previous contents stay in use.
  /// Threads: any.
  void reload();

  /// Stops accepting, waits up to drain_timeout for requests in flight, and joins the threads, which includes waiting for
  /// a running change to reach the disk. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
