// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/event_reader.h"
#include "base/sync.h"
#include "ingest/event_log.h"
#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// One record for Kafka. The views must be valid during send() only.
struct OutgoingRecord {
  std::string_view key;
  std::string_view value;
  RecordHeaders headers;
  std::optional<std::int32_t> partition{};  ///< chosen by the key if not given
  bool tombstone = false;                   ///< without a value
};

/// An idempotent producer with acks=all. After an error that librdkafka calls fatal (the cluster lost the producer's
/// state) the client is replaced: its queued records fail, later ones are sent by the new client.
/// Threads: all methods may be called concurrently; owns "freshet-produce", on which `done` runs.
/// Errors:  the constructor throws std::runtime_error for properties that librdkafka refuses.
/// Limits:  at most kMaxQueuedRecords wait for their acknowledgement, each for message.timeout.ms (here 30 s by default).
class KafkaProducer {
 public:
  static constexpr std::size_t kMaxQueuedRecords = 100'000;

  explicit KafkaProducer(const KafkaOptions& options);
  ~KafkaProducer();  ///< waits a few seconds for queued records; the rest fails

  /// Queues the records in order. Calls `done` once all are acknowledged, or have failed.
  void send(const std::string& topic, std::span<const OutgoingRecord> records, EventLog::Appended done);

  /// Empty if usable, else the reason for /readyz. The monitor reports an unreachable broker. Before the first send() it
  /// is always empty: an instance that only reads may not be authorized to write.
  std::string problem() const;

 private:
  std::shared_ptr<rd_kafka_s> client() const;
  bool is_used() const;
  void run(const std::stop_token& stop);
  void replace_if_broken();

  const KafkaOptions options_;
  std::chrono::steady_clock::time_point made_;  // start of the client; thread_ only, once it runs
  mutable Mutex mutex_;
  std::shared_ptr<rd_kafka_s> client_ FRESHET_GUARDED_BY(mutex_);
  bool used_ FRESHET_GUARDED_BY(mutex_) = false;  // send() has used the client
  std::jthread thread_;                           // last: uses the members above
};

}  // namespace freshet::ingest
