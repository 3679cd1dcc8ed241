// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/metrics.h"
#include "base/result.h"
#include "base/sync.h"
#include "serve/options.h"

namespace freshet::serve {

/// The server's certificate and key, as an OpenSSL context: TLS 1.2 and 1.3, no renegotiation.
/// Threads: all methods may be called concurrently. reload() affects new connections only.
class Tls {
 public:
  struct Certificate {
    /// Mutable since OpenSSL counts the connections that refer to it; otherwise constant once published.
    mutable boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
  };

  /// Throws std::runtime_error, naming option, file and reason, if the files cannot be used.
  Tls(const TlsOptions& options, Metrics& metrics);

  /// Reads the files again.
  /// Errors: as the constructor; the certificate in use stays.
  Result<void> reload();

  std::shared_ptr<const Certificate> certificate() const { return certificate_.load(); }

  void handshake_failed() const { handshake_failures_.Increment(); }

 private:
  const TlsOptions options_;
  Gauge& not_after_;
  Counter& handshake_failures_;
  Published<Certificate> certificate_;
};

}  // namespace freshet::serve
