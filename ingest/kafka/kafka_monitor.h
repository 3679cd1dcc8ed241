// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/position.h"
#include "base/sync.h"
#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// Asks the cluster once a second whether it is reachable, whether the topics exist, and where each partition of the events
/// begins and ends. It has its own client, so that an unreachable broker does not block readers and producer.
/// Threads: all methods may be called concurrently; owns "freshet-kafka".
class KafkaMonitor {
 public:
  /// What a missing topic means.
  enum class Missing { is_a_problem, create_compacted };

  KafkaMonitor(const KafkaOptions& options, Missing missing);
  ~KafkaMonitor();

  /// The result of one look at the cluster.
  struct View {
    std::uint64_t number = 0;  ///< counts successful looks; 0: none yet
    Positions begins;          ///< oldest offset of each partition
    Positions ends;            ///< next offset to be written, of each partition
  };

  /// Empty if cluster and topic are usable, else the reason for /readyz.
  std::string problem() const;

  /// Empty, or what is wrong with the dead-letter topic. No reason not to be ready.
  std::string dead_letter_problem() const;

  /// True once the topic has been seen, even if its partitions are not available.
  bool topic_exists() const { return topic_exists_; }

  /// The newest successful view.
  View view() const;
  /// The end offsets of view(); empty before the first one.
  Positions ends() const;

 private:
  void run(std::stop_token stop);
  std::string look(View& view, const std::stop_token& stop);
  std::string find(const std::string& topic, RdMetadata& found);
  bool create_topic();
  std::string find_offsets(const std::vector<std::int32_t>& partitions, std::int64_t which, Positions& found);
  void look_for_dead_letters();
  std::string unreachable(int error) const;

  const KafkaOptions options_;
  const Missing missing_;
  std::string last_error_;  // monitor thread only: librdkafka's last error about a broker since the look began
  RdKafka client_;
  std::atomic<bool> topic_exists_{false};

  mutable Mutex mutex_;
  std::condition_variable_any wake_;
  std::string problem_ FRESHET_GUARDED_BY(mutex_) = "kafka: not connected yet";
  std::string dead_letter_problem_ FRESHET_GUARDED_BY(mutex_);
  View view_ FRESHET_GUARDED_BY(mutex_);

  std::jthread thread_;  // last: uses the members above
};

}  // namespace freshet::ingest
