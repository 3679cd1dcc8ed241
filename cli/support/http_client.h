#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::cli {

/// One kept-alive HTTP or HTTPS connection, blocking, with timeouts; reconnects by itself. Sends the key that the
/// environment has as FRESHET_API_KEY, if any: on a command line others could see it. The server's certificate must be
/// for its name and of an authority that the system trusts, or of the file that the environment has as SSL_CERT_FILE.
/// Threads: one. Errors: unavailable (cannot connect, not to be trusted, connection lost), timed_out.
class HttpClient {
 public:
  struct Answer {
    unsigned status = 0;
    std::string body;
    std::chrono::seconds retry_after{0};
  };

  /// "http://127.0.0.1:8080", "https://shop.example". Errors: invalid.
  static Result<std::unique_ptr<HttpClient>> make(const std::string& url);
  ~HttpClient();

  Result<Answer> post(std::string_view target, std::string_view content_type, std::string body);
  Result<Answer> get(std::string_view target);

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::cli
