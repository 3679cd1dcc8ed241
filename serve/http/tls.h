#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/metrics.h"
#include "base/result.h"
#include "base/sync.h"
#include "serve/options.h"

namespace freshet::serve {

/// The server's certificate and key, and what they are read into. TLS 1.2 and 1.3, no renegotiation.
/// Threads: all methods may be called concurrently; reload() is for the connections after it, older ones keep what they
///          began with.
class Tls {
 public:
  struct Certificate {
    /// OpenSSL counts references to it in connections; nothing in it changes once it is published.
    mutable boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
  };

  /// Throws std::runtime_error, naming option, file and reason, if the files cannot be used.
  Tls(const TlsOptions& options, Metrics& metrics);

  /// Reads the files again. Errors: as the constructor; what is in use stays.
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
