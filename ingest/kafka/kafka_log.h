#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "ingest/event_log.h"
#include "ingest/kafka/kafka_monitor.h"
#include "ingest/kafka/kafka_producer.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// The event log in Kafka: an idempotent producer, the history writer as a member of the consumer group, the learner as
/// a reader of all partitions. Dead letters go to a topic of their own, if it has a name.
/// Threads:  as EventLog; its parts own threads, beside librdkafka's own.
/// Errors:   the constructor throws std::runtime_error for properties that librdkafka refuses, never for a broker that
///           is away.
class KafkaLog final : public EventLog {
 public:
  KafkaLog(const KafkaOptions& options, Metrics& metrics);
  ~KafkaLog() override;  ///< gives what is queued a few seconds; readers must be gone

  void append(std::vector<LogEntry> entries, Appended done) override;
  std::unique_ptr<LogReader> open_reader(Sharing sharing, PositionsOf positions_of) override;
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override;
  std::string_view name() const override { return "kafka"; }
  bool keeps_dead_letters() const override { return !options_.dead_letter_topic.empty(); }
  Result<void> append_dead_letters(std::span<const RejectedRecord> rejected,
                                   std::chrono::milliseconds timeout) override;

 private:
  const KafkaOptions options_;
  Metrics& metrics_;
  KafkaMonitor monitor_;
  KafkaProducer producer_;
};

}  // namespace freshet::ingest
