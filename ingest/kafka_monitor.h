#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/position.h"
#include "ingest/options.h"
#include "ingest/rd_handles.h"

namespace freshet::ingest {

/// Asks the cluster once a second what only it knows: is it there, does the topic exist, which partitions, how far they
/// reach. One client of its own, so that a dead broker holds nobody else up.
/// Threads:  all methods may be called concurrently; owns "freshet-kafka".
class KafkaMonitor {
 public:
  explicit KafkaMonitor(const KafkaOptions& options);
  ~KafkaMonitor();

  /// Empty if cluster and topic are fine; else a sentence for /readyz.
  std::string problem() const;

  /// End offset per partition as of the last look; empty before the first.
  Positions ends() const;
  /// First offset still kept, likewise.
  Positions begins() const;

 private:
  void run(std::stop_token stop);
  std::string look(Positions& begins, Positions& ends);

  const KafkaOptions options_;
  RdKafka client_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // guarded by mutex_
  std::string problem_ = "kafka: not connected yet";
  Positions begins_, ends_;

  std::jthread thread_;  // last: starts work
};

}  // namespace freshet::ingest
