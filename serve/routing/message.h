// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::serve {

/// Runs work for one connection on its I/O thread. A handler that waits for another thread continues through it.
/// Threads: all methods may be called from any thread.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> work) = 0;
  /// For timeouts; up to 50 ms late.
  virtual void post_after(std::chrono::milliseconds delay, std::function<void()> work) = 0;
  /// For work that may wait for the disk: runs it on another thread, one at a time, in the order of the calls. False if
  /// too much work is queued; this work is then dropped.
  [[nodiscard]] virtual bool post_blocking(std::function<void()> work) = 0;
  /// For what takes long to read: runs it on another thread, one at a time, in the order of the calls. `in_time`: false if
  /// too much is queued, or this has been for too long; it then only says so, perhaps before the call returns.
  virtual void post_reading(std::function<void(bool in_time)> work) = 0;
};

struct ApiRequest {
  std::string_view method;  ///< "GET", ...
  std::string_view target;  ///< "/v1/popular?k=5"
  std::string_view body;
  bool shedding = false;  ///< the I/O thread is overloaded: refuse lists at once
  std::shared_ptr<Executor> executor;
  std::string_view authorization = {};  ///< the header; empty if absent
  std::string_view x_api_key = {};      ///< the header; empty if absent
  std::string_view x_request_id = {};   ///< the header; empty if absent
  std::string_view content_type = {};   ///< the header; empty if absent
  std::string content_encoding = {};    ///< the headers of that name, joined by commas; empty if absent
  std::string_view host = {};           ///< the header; empty if absent
  /// Headers of browsers; empty if absent.
  std::string_view origin = {}, sec_fetch_site = {}, access_control_request_method = {};
  std::string_view client = {};                                                      ///< client_name() of its address
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();  ///< all of it
};

using Header = std::pair<std::string, std::string>;

struct ApiResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<Header> headers;
};

/// Called exactly once, on any thread.
using Respond = std::function<void(ApiResponse)>;

}  // namespace freshet::serve
