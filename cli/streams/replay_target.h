// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/event.h"

namespace freshet::cli {

/// Where `freshet replay` sends events and items. Events with the same partition key (user, or session) stay in order, and
/// so do changes of one item; events and items are not in order with each other.
/// Threads: one thread calls send() and finish().
class ReplayTarget {
 public:
  struct Counts {
    std::uint64_t sent = 0;          ///< passed to send()
    std::uint64_t acknowledged = 0;  ///< durable at the target
    std::uint64_t rejected = 0;      ///< rejected as invalid or too large
    std::uint64_t failed = 0;        ///< not acknowledged; they may or may not have arrived
    std::string first_problem;       ///< reason of the first rejected or failed event
  };

  virtual ~ReplayTarget() = default;

  /// Waits while too many events are not acknowledged yet. Of items, only puts can be sent.
  virtual void send(const Event& event) = 0;

  /// Waits until every event is acknowledged, rejected or failed.
  virtual Counts finish() = 0;
};

/// Sends POST /v1/events, or POST /v1/items, over several kept-alive connections. Retries for up to `patience` if the service is
/// unreachable or answers 429 or 503. Halves a batch that is larger than the service takes.
/// Errors: throws std::runtime_error if the URL is not valid.
enum class ReplayKind { events, items };
std::unique_ptr<ReplayTarget> make_http_target(const std::string& url, ReplayKind kind, std::chrono::seconds patience);

/// Produces to the topics of `options`, with the producer that the service uses.
/// Errors: throws std::runtime_error if the producer cannot be created.
std::unique_ptr<ReplayTarget> make_kafka_target(const ingest::KafkaOptions& options);

}  // namespace freshet::cli
