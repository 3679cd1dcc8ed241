// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"

namespace freshet::serve {

// What each option means and takes: options.cc.

/// True for an IPv4 or IPv6 address.
bool is_address(const std::string& text);
/// True for an address that only programs on this machine can reach, and for localhost.
bool is_loopback(const std::string& text);

/// [serve.tls]: TLS, if a certificate is named.
struct TlsOptions {
  std::string certificate;
  std::string key;
  std::chrono::milliseconds handshake_timeout{5'000};

  bool enabled() const { return !certificate.empty(); }

  static std::vector<Option<TlsOptions>> describe();
};

/// [serve.audit]: the audit log (serve/access/audit_log.h).
struct AuditOptions {
  std::string file;
  bool ids = false;
  std::string hash_key;

  static std::vector<Option<AuditOptions>> describe();
};

/// [serve]: the HTTP API.
struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::size_t threads = 2;
  bool allow_public = false;
  std::string keys_file;
  std::vector<std::string> hosts;
  std::vector<std::string> cors_origins;
  bool open_metrics = false;
  TlsOptions tls;
  AuditOptions audit;

  std::size_t max_connections = 4096;
  std::size_t max_body_bytes = std::size_t{8} << 20;
  std::size_t max_body_bytes_total = std::size_t{128} << 20;
  std::size_t max_answer_bytes_total = std::size_t{128} << 20;
  std::size_t max_header_bytes = std::size_t{16} << 10;
  // Timeouts that a peer causes are checked ten times a second, so a wait may be that much longer.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{10'000};
  std::chrono::milliseconds after_timeout{2'000};
  std::chrono::milliseconds events_timeout{10'000};
  std::chrono::milliseconds shed_delay{100};  ///< of overload, until lists are refused (serve/http/admission.h)
  std::chrono::milliseconds drain_timeout{5'000};

  std::size_t default_k = 20;
  std::size_t max_k = 1000;
  double explore_share = 0;
  std::size_t max_events_per_request = 10'000;
  std::size_t max_items_per_request = 10'000;

  /// True if other machines may reach the server. Names are not looked up: any but localhost may be public.
  bool is_public() const;

  static std::vector<Option<Options>> describe();
  /// Every problem at once.
  OptionProblems validate() const;
};

}  // namespace freshet::serve
