#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "base/position.h"
#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// Asks the cluster once a second what only it knows: is it there, does the topic exist, which partitions, how far they
/// reach. One client of its own, so that a dead broker holds nobody else up.
/// Threads:  all methods may be called concurrently; owns "freshet-kafka".
class KafkaMonitor {
 public:
  explicit KafkaMonitor(const KafkaOptions& options);
  ~KafkaMonitor();

  /// What one look found.
  struct View {
    std::uint64_t number = 0;  ///< of successful looks; 0: none yet
    Positions begins;          ///< first offset still kept, per partition
    Positions ends;            ///< next offset to be written, per partition
  };

  /// Empty if cluster and topic are fine; else a sentence for /readyz.
  std::string problem() const;

  /// True once the topic has been seen, its partitions available or not.
  bool topic_exists() const { return topic_exists_; }

  /// The newest successful look.
  View view() const;
  /// Its end offsets alone; empty before the first.
  Positions ends() const;

 private:
  void run(std::stop_token stop);
  std::string look(View& view, const std::stop_token& stop);
  std::string unreachable(int error) const;

  const KafkaOptions options_;
  std::string last_error_;  // monitor thread only: what librdkafka said about a broker since the look began
  RdKafka client_;
  std::atomic<bool> topic_exists_{false};

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // guarded by mutex_
  std::string problem_ = "kafka: not connected yet";
  View view_;

  std::jthread thread_;  // last: starts work
};

}  // namespace freshet::ingest
