#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::cli {

/// One kept-alive HTTP connection, blocking, with timeouts; reconnects by itself. Sends the key that the environment
/// has as FRESHET_API_KEY, if any: on a command line others could see it. Threads: one. Errors: unavailable (cannot
/// connect, connection lost), timed_out.
class HttpClient {
 public:
  struct Answer {
    unsigned status = 0;
    std::string body;
    std::chrono::seconds retry_after{0};
  };

  /// "http://127.0.0.1:8080". Errors: invalid.
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
