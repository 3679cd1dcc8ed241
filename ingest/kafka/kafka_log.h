// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "ingest/event_log.h"
#include "ingest/kafka/kafka_dead_letters.h"
#include "ingest/kafka/kafka_monitor.h"
#include "ingest/kafka/kafka_producer.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// The event log in Kafka: an idempotent producer, a consumer group for the history writer, and a reader of all
/// partitions for the learner. Both read the whole state topic too, if there is one.
/// Threads: as EventLog; monitors and producer own threads, besides librdkafka's.
/// Errors:  the constructor throws std::runtime_error for properties that librdkafka refuses. It does not fail if the
///          broker cannot be reached.
class KafkaLog final : public EventLog {
 public:
  KafkaLog(const KafkaOptions& options, Metrics& metrics);
  ~KafkaLog() override;  ///< waits a few seconds for queued records; all readers must be closed

  void append(std::vector<LogEntry> entries, Appended done) override;
  std::unique_ptr<LogReader> open_reader(Sharing sharing, PositionsOf positions_of) override;
  Result<std::vector<std::int32_t>> partitions() const override;
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override;
  std::string_view name() const override { return "kafka"; }
  DeadLetterSink* dead_letters() override { return dead_letters_ ? &*dead_letters_ : nullptr; }
  bool has_state_partition() const override { return state_monitor_.has_value(); }

 private:
  std::unique_ptr<LogReader> with_state(std::unique_ptr<LogReader> events, const std::string& name,
                                        const Positions& state_at);

  const KafkaOptions options_;
  Metrics& metrics_;
  KafkaMonitor monitor_;
  std::optional<KafkaMonitor> state_monitor_;  // if the state topic has a name
  KafkaProducer producer_;
  std::optional<KafkaDeadLetters> dead_letters_;  // if the topic has a name
};

}  // namespace freshet::ingest
