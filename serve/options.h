#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace freshet::serve {

/// TLS is on if a certificate is given.
struct TlsOptions {
  std::string certificate;  ///< PEM file: the server's certificate, then the intermediate ones
  std::string key;          ///< PEM file, not encrypted
  std::chrono::milliseconds handshake_timeout{5'000};

  bool enabled() const { return !certificate.empty(); }
};

/// The audit log (serve/access/audit_log.h).
struct AuditOptions {
  std::string file;      ///< empty: its lines go to the ordinary log
  bool ids = false;      ///< write the ids of users and sessions, not pseudonyms
  std::string hash_key;  ///< makes the pseudonyms; empty: a random one at every start
};

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free port (printed at start)
  std::size_t threads = 2;    ///< I/O threads; requests are answered on them
  bool allow_public = false;  ///< allows a non-loopback address without keys
  std::string keys_file;      ///< API keys (serve/access/key_ring.h); empty: every caller may do everything
  bool open_metrics = false;  ///< /metrics needs no key
  TlsOptions tls;             ///< [serve.tls]
  AuditOptions audit;         ///< [serve.audit]

  std::size_t max_connections = 4096;
  std::size_t max_body_bytes = std::size_t{8} << 20;
  std::size_t max_header_bytes = std::size_t{16} << 10;
  // Timeouts of connections are checked ten times a second.
  std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte of a request to its last
  std::chrono::milliseconds idle_timeout{75'000};    ///< between requests of a kept-alive connection
  std::chrono::milliseconds write_timeout{10'000};
  std::chrono::milliseconds after_timeout{2'000};    ///< longest wait for an `after` token
  std::chrono::milliseconds events_timeout{10'000};  ///< longest wait for events and changes to become durable
  std::chrono::milliseconds shed_delay{100};         ///< overload before lists are refused (serve/http/admission.h)
  std::chrono::milliseconds drain_timeout{5'000};    ///< for requests in flight at shutdown

  std::size_t default_k = 20;
  std::size_t max_k = 1000;
  std::size_t max_events_per_request = 10'000;
  std::size_t max_items_per_request = 10'000;

  /// True if other machines can reach the server.
  /// REQUIRES: `address` is an IP address.
  bool is_public() const;

  std::vector<std::string> validate() const;
};

}  // namespace freshet::serve
