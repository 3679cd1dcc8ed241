#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/event.h"

namespace freshet::cli {

/// Where `freshet replay` sends events. One user's events keep their order.
/// Threads: one thread calls send() and finish().
class ReplayTarget {
 public:
  struct Counts {
    std::uint64_t sent = 0;          ///< handed over
    std::uint64_t acknowledged = 0;  ///< durable there
    std::uint64_t rejected = 0;      ///< refused as invalid
    std::uint64_t failed = 0;        ///< not acknowledged, whatever became of them
    std::string first_problem;       ///< of the first rejected or failed one
  };

  virtual ~ReplayTarget() = default;

  /// Waits while too many are under way.
  virtual void send(const Event& event) = 0;

  /// Waits until everything sent is acknowledged or has failed.
  virtual Counts finish() = 0;
};

/// POST /v1/events over several kept-alive connections; retries what is refused for now or lost, for `patience`.
/// Errors: throws std::runtime_error for an unusable URL.
std::unique_ptr<ReplayTarget> make_http_target(const std::string& url, std::chrono::seconds patience);

/// The topic of `options`, through the same producer as the service. Errors: throws std::runtime_error.
std::unique_ptr<ReplayTarget> make_kafka_target(const ingest::KafkaOptions& options);

}  // namespace freshet::cli
