// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "base/metrics.h"

namespace freshet::serve {

/// Counts and times the answers of one route.
/// Threads: all methods may be called concurrently.
class RouteMetrics {
 public:
  RouteMetrics(Metrics& metrics, std::string route)
      : metrics_(metrics),
        route_(std::move(route)),
        seconds_(metrics.histogram("freshet_serve_request_seconds", "Time to answer, by route.",
                                   Metrics::latency_bounds(), {{"route", route_}})) {}

  const std::string& route() const { return route_; }

  void answered(unsigned status, std::chrono::steady_clock::duration took) const {
    seconds_.Observe(std::chrono::duration<double>(took).count());
    counter(status).Increment();
  }

 private:
  /// Looking up a counter costs as much as ranking a few candidates, so the one of status 200 is cached.
  Counter& counter(unsigned status) const {
    if (status != 200) return find(status);
    if (Counter* const known = ok_.load(std::memory_order_relaxed)) return *known;
    Counter& found = find(200);
    ok_.store(&found, std::memory_order_relaxed);
    return found;
  }

  Counter& find(unsigned status) const {
    return metrics_.counter("freshet_serve_requests_total", "Requests answered, by route and status.",
                            {{"route", route_}, {"status", std::to_string(status)}});
  }

  Metrics& metrics_;
  const std::string route_;
  Histogram& seconds_;
  mutable std::atomic<Counter*> ok_{nullptr};
};

}  // namespace freshet::serve
