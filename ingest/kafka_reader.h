#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "base/metrics.h"
#include "ingest/event_log.h"
#include "ingest/kafka_monitor.h"
#include "ingest/options.h"
#include "ingest/rd_handles.h"

namespace freshet::ingest {

/// What both ways of reading Kafka share: fetching, positions, gaps.
/// Threads: as LogReader.
class KafkaReader : public LogReader {
 public:
  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  Positions end_positions() const override;
  void commit(const Positions& positions) override;
  void idle(std::chrono::milliseconds duration) override;
  std::uint64_t generation() const override { return generation_; }

 protected:
  KafkaReader(const KafkaOptions& options, const KafkaMonitor& monitor, Metrics& metrics);
  ~KafkaReader() override;

  /// The partitions of `positions` as librdkafka's list, at these offsets.
  RdPartitions to_list(const Positions& positions) const;
  /// This reader's partitions are now `owned` (assigned, revoked); called on the polling thread.
  void set_owned(std::set<int> owned);
  std::set<int> owned() const;
  /// The next record of these partitions is expected here, to notice when retention has passed us.
  void expect(const Positions& positions);

  const KafkaOptions options_;
  const KafkaMonitor& monitor_;
  RdKafka consumer_;

 private:
  void notice_gap(int partition, std::int64_t expected, std::int64_t found);

  Counter& skipped_;
  std::uint64_t generation_ = 0;
  Positions expected_;
  mutable std::mutex mutex_;
  std::set<int> owned_;  // guarded by mutex_
};

/// A member of the consumer group (cooperative rebalancing). Where to go on comes from the reader's own store.
class KafkaGroupReader final : public KafkaReader {
 public:
  KafkaGroupReader(const KafkaOptions& options, const KafkaMonitor& monitor, PositionsOf positions_of,
                   Metrics& metrics);
  ~KafkaGroupReader() override;
  void seek(const Positions& positions) override;

 private:
  static void on_rebalance(rd_kafka_s* consumer, int error, rd_kafka_topic_partition_list_s* partitions, void* self);
  void assign(rd_kafka_topic_partition_list_s* partitions);
  void revoke(rd_kafka_topic_partition_list_s* partitions);

  PositionsOf positions_of_;
};

/// Every partition of the topic, outside of any group; new partitions join as they appear.
class KafkaFullReader final : public KafkaReader {
 public:
  KafkaFullReader(const KafkaOptions& options, const KafkaMonitor& monitor, Metrics& metrics);
  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  void seek(const Positions& positions) override;

 private:
  void assign_all();

  Positions next_;  // of every partition read so far
};

}  // namespace freshet::ingest
