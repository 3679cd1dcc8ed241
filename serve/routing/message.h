#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::serve {

/// Where work of one connection runs: its I/O thread. Handlers that wait for something elsewhere come back through it.
/// Threads: all methods may be called from any thread.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> work) = 0;
  /// For timeouts: may be 50 ms late.
  virtual void post_after(std::chrono::milliseconds delay, std::function<void()> work) = 0;
  /// For what may wait for the disk: on another thread, one after another in the order of the calls. False: too many
  /// wait already, and this will not be done.
  [[nodiscard]] virtual bool post_blocking(std::function<void()> work) = 0;
};

struct ApiRequest {
  std::string_view method;  ///< "GET", ...
  std::string_view target;  ///< "/v1/popular?k=5"
  std::string_view body;
  bool shedding = false;  ///< the connection's thread is overloaded: refuse lists at once
  std::shared_ptr<Executor> executor;
  std::string_view authorization = {};  ///< the header; empty if absent
  std::string_view x_api_key = {};      ///< the header; empty if absent
  std::string_view x_request_id = {};   ///< the header; empty if absent
};

struct ApiResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Called exactly once, on any thread.
using Respond = std::function<void(ApiResponse)>;

}  // namespace freshet::serve
