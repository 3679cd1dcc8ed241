#pragma once

#include <cstdint>
#include <memory>

#include "serve/options.h"
#include "serve/services.h"

namespace freshet::serve {

/// The HTTP/1.1 server, with TLS if the options name a certificate: owns its I/O threads ("freshet-io-N") and
/// the one that waits for the disk in their place ("freshet-disk").
/// Errors: the constructor throws if it cannot listen ("cannot listen on 127.0.0.1:8080: address in use").
class Server {
 public:
  Server(const Options& options, Services services);
  ~Server();  ///< stop()

  std::uint16_t port() const;

  /// Reads the files of keys and certificate and opens the audit file again; connections stay. What cannot be used is
  /// logged and what is in use stays. Any thread.
  void reload();

  /// Stops accepting, lets requests in flight finish (bounded by drain_timeout), joins the threads, and so waits for a
  /// change that the disk is still at. Idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
