// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::cli {

/// A blocking client with one kept-alive HTTP or HTTPS connection. Reconnects when needed.
/// The API key is read from the environment variable FRESHET_API_KEY, since command lines are visible to other users. A
/// certificate is trusted if it matches the server's name, and is signed by an authority that the system trusts or that
/// is in the file named by the environment variable SSL_CERT_FILE. An answer may be of any length.
/// Threads: one.
/// Errors:  unavailable (cannot connect, certificate not trusted, connection lost), timed_out (30 s).
class HttpClient {
 public:
  struct Answer {
    unsigned status = 0;
    std::string body;
    std::chrono::seconds retry_after{0};
  };

  enum class Certificate { trusted, any };

  /// `url`: such as "http://127.0.0.1:8080" or "https://shop.example".
  /// Errors: invalid.
  static Result<std::unique_ptr<HttpClient>> make(const std::string& url,
                                                  Certificate certificate = Certificate::trusted);
  ~HttpClient();

  Result<Answer> post(std::string_view target, std::string_view content_type, std::string body);
  Result<Answer> get(std::string_view target);

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::cli
