// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>

#include "base/metrics.h"
#include "base/sync.h"
#include "ingest/event_log.h"
#include "ingest/kafka/batch_collector.h"
#include "ingest/kafka/gap_detector.h"
#include "ingest/kafka/kafka_monitor.h"
#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// The common part of both Kafka readers: fetching, pausing, positions, gaps.
///
/// A position follows the records, and at the end of a partition librdkafka's own position. Offsets that have no record
/// for the reader (transaction markers, aborted records, deleted ones) are passed only by the latter.
///
/// Rebalances run inside poll() and idle(), on the reader's thread. Records that poll() has collected from a revoked
/// partition are dropped from its batch; partitions revoked in idle() are in revoked(). So a batch is never written for
/// a partition that another member has taken over.
/// Threads: as LogReader.
class KafkaReader : public LogReader {
 public:
  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  Positions end_positions() const override;
  void commit(const Positions& positions) override;
  void idle(std::chrono::milliseconds duration) override;
  std::set<int> revoked() const override { return revoked_; }
  std::uint64_t lost_records() const override { return gaps_.lost(); }

 protected:
  KafkaReader(const KafkaOptions& options, const KafkaMonitor& monitor, const std::string& name, Metrics& metrics);
  ~KafkaReader() override;

  /// librdkafka's list of the partitions of `positions`, with these offsets.
  RdPartitions to_list(const Positions& positions) const;

  /// On the polling thread: `added` now belong to the reader and are read from `positions`, if these are in it. `news`
  /// are positions that the reader's own store does not have: the next poll() returns them.
  void add_owned(const std::set<int>& added, const Positions& positions, const Positions& news = {});

  /// On the polling thread: `removed` no longer belong to the reader.
  void remove_owned(const std::set<int>& removed);

  std::set<int> owned() const;

  /// Reading continues at `positions`.
  void moved_to(const Positions& positions);

  const KafkaOptions options_;
  const KafkaMonitor& monitor_;
  RdKafka consumer_;

 private:
  void collect(const rd_kafka_message_s& message, std::uint64_t look);
  void note(const rd_kafka_message_s& message, std::uint64_t look);
  void give_back(const rd_kafka_message_s& message);

  // polling thread only
  BatchCollector collected_;   // for the next returns of poll()
  std::set<int> revoked_;      // since poll() last returned
  std::uint64_t changes_ = 0;  // of owned_
  GapDetector gaps_;
  std::string trouble_;  // an error that librdkafka does not recover from, and until when poll() returns it
  std::chrono::steady_clock::time_point trouble_until_;

  mutable Mutex mutex_;
  std::set<int> owned_ FRESHET_GUARDED_BY(mutex_);
  bool ever_owned_ FRESHET_GUARDED_BY(mutex_) = false;
};

/// A member of the consumer group (cooperative rebalancing). It joins once the topic exists, and reads each partition
/// from the position in the reader's own store.
class KafkaGroupReader final : public KafkaReader {
 public:
  KafkaGroupReader(const KafkaOptions& options, const KafkaMonitor& monitor, PositionsOf positions_of,
                   Metrics& metrics);
  ~KafkaGroupReader() override;  ///< leaves the group, so that other members take over at once
  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  void idle(std::chrono::milliseconds duration) override;
  void seek(const Positions& positions) override;
  std::string problem() const override;

 private:
  static void on_rebalance(rd_kafka_s* consumer, int error, rd_kafka_topic_partition_list_s* partitions, void* self);
  void join_once_the_topic_exists();
  void notice_expulsion();
  void assign(rd_kafka_topic_partition_list_s* partitions);
  void tell_where_histories_begin(const std::set<int>& unknown, bool is_new, const Positions& news);
  Positions committed(const std::set<int>& partitions) const;
  void revoke(rd_kafka_topic_partition_list_s* partitions);

  PositionsOf positions_of_;
  Counter& rebalances_;
  bool joining_ = false;               // true from the request to join on
  std::string member_;                 // its name in the group, as of the last assignment
  std::atomic<bool> assigned_{false};  // the group has decided which partitions are its own: perhaps none
};

/// Reads every partition of the topic, without a group. New partitions are added when the monitor sees them. `name` is for
/// the metrics.
class KafkaFullReader final : public KafkaReader {
 public:
  KafkaFullReader(const KafkaOptions& options, const KafkaMonitor& monitor, const std::string& name, Metrics& metrics);
  ~KafkaFullReader() override;
  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  void seek(const Positions& positions) override;

 private:
  void assign_all();

  Positions next_;  // of each partition read so far
};

}  // namespace freshet::ingest
