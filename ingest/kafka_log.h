#pragma once

#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "ingest/event_log.h"
#include "ingest/kafka_monitor.h"
#include "ingest/options.h"
#include "ingest/rd_handles.h"

namespace freshet::ingest {

/// The event log in Kafka: idempotent producer with acks=all, the history writer as a member of the consumer group, the
/// learner as a reader of all partitions.
/// Threads:  as EventLog; owns "freshet-produce" and the monitor's thread, beside librdkafka's own.
/// Errors:   the constructor throws std::runtime_error for properties that librdkafka refuses, never for a broker that is
///           away.
class KafkaLog final : public EventLog {
 public:
  KafkaLog(const KafkaOptions& options, Metrics& metrics);
  ~KafkaLog() override;  ///< gives what is queued a few seconds; readers must be gone

  void append(std::vector<LogEntry> entries, Appended done) override;
  std::unique_ptr<LogReader> open_reader(Sharing sharing, PositionsOf positions_of) override;
  std::string problem() const override { return monitor_.problem(); }
  std::string_view name() const override { return "kafka"; }
  bool keeps_dead_letters() const override { return !options_.dead_letter_topic.empty(); }
  Result<void> append_dead_letters(std::span<const RejectedRecord> rejected,
                                   std::chrono::milliseconds timeout) override;

 private:
  void serve_deliveries(std::stop_token stop);

  const KafkaOptions options_;
  Metrics& metrics_;
  KafkaMonitor monitor_;
  RdKafka producer_;
  std::jthread thread_;  // last: starts work
};

}  // namespace freshet::ingest
