// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "ingest/event_log.h"
#include "ingest/kafka/kafka_monitor.h"
#include "ingest/kafka/kafka_producer.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// The dead-letter topic. Each rejected record becomes one record of it, with reason, topic, partition and offset in
/// headers before the record's own. It is truncated as in the store (store::cut_dead_letter): brokers refuse records
/// that are too long, and that must not stop the stream.
/// Threads: as DeadLetterSink.
/// Owns:    nothing; `producer` and `monitor` must outlive it.
class KafkaDeadLetters final : public DeadLetterSink {
 public:
  KafkaDeadLetters(KafkaProducer& producer, const KafkaMonitor& monitor, const KafkaOptions& options)
      : producer_(producer), monitor_(monitor), events_topic_(options.topic), topic_(options.dead_letter_topic) {}

  Result<void> append(std::span<const RejectedRecord> rejected, std::chrono::milliseconds timeout) override;
  std::string problem() const override { return monitor_.dead_letter_problem(); }

 private:
  KafkaProducer& producer_;
  const KafkaMonitor& monitor_;
  const std::string events_topic_, topic_;
};

}  // namespace freshet::ingest
