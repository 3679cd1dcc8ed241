// SPDX-License-Identifier: Apache-2.0
#include "serve/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <stdexcept>
#include <system_error>

#include "base/check.h"
#include "base/log.h"

namespace freshet::serve {
namespace {

namespace ssl = boost::asio::ssl;

Error cannot_use(const char* option, const std::string& file, const boost::system::error_code& error) {
  const auto code = static_cast<unsigned long>(error.value());
  const char* reason = ERR_reason_error_string(code);
  const std::string message = ERR_SYSTEM_ERROR(code) ? std::generic_category().message(ERR_GET_REASON(code))
                              : reason != nullptr    ? reason
                                                     : error.message();
  return {Errc::invalid, std::string(option) + ": " + file + " cannot be used: " + message};
}

Result<std::shared_ptr<Tls::Certificate>> read_certificate(const TlsOptions& options) {
  auto certificate = std::make_shared<Tls::Certificate>();
  ssl::context& context = certificate->context;
  SSL_CTX* const native = context.native_handle();
  FRESHET_CHECK(SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);

  boost::system::error_code error;
  // Otherwise OpenSSL asks the terminal for the password of an encrypted key.
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context.use_certificate_chain_file(options.certificate, error);
  if (error) return cannot_use("serve.tls.certificate", options.certificate, error);
  context.use_private_key_file(options.key, ssl::context::pem, error);
  if (error) return cannot_use("serve.tls.key", options.key, error);
  return certificate;
}

double not_after_seconds(const SSL_CTX* context) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &time) != 1) return 0;
  return static_cast<double>(timegm(&time));
}

}  // namespace

Tls::Tls(const TlsOptions& options, Metrics& metrics)
    : options_(options),
      not_after_(metrics.gauge("freshet_serve_tls_certificate_not_after_seconds",
                               "TLS: end of the certificate's validity, Unix seconds.")),
      handshake_failures_(
          metrics.counter("freshet_serve_tls_handshake_failures_total", "TLS: connections whose handshake failed.")) {
  if (const auto loaded = reload(); !loaded) throw std::runtime_error(loaded.error().message);
}

Result<void> Tls::reload() {
  auto certificate = read_certificate(options_);
  if (!certificate) return certificate.error();
  not_after_.Set(not_after_seconds((*certificate)->context.native_handle()));
  log::info("certificate loaded", {{"file", options_.certificate}});
  certificate_.store(*std::move(certificate));
  return {};
}

}  // namespace freshet::serve
