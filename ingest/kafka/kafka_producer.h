#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ingest/event_log.h"
#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// One record on its way to Kafka; the views need to last for the call of send() only.
struct OutgoingRecord {
  std::string_view key;
  std::string_view value;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// An idempotent producer with acks=all. A failure that librdkafka calls fatal (the cluster lost the producer's state)
/// replaces the client by a new one: what was in it is answered with an error, what comes next goes on.
/// Threads:  all methods may be called concurrently; owns "freshet-produce", on which `done` runs.
/// Errors:   the constructor throws std::runtime_error for properties that librdkafka refuses.
/// Limits:   kMaxQueuedRecords wait for their acknowledgement, each for message.timeout.ms (default here 30 s).
class KafkaProducer {
 public:
  static constexpr std::size_t kMaxQueuedRecords = 100'000;

  explicit KafkaProducer(const KafkaOptions& options);
  ~KafkaProducer();  ///< gives what is queued a few seconds, then answers it with an error

  /// Queues the records in order; calls `done` once, when all of them are acknowledged or some cannot be.
  void send(const std::string& topic, std::span<const OutgoingRecord> records, EventLog::Appended done);

  /// Empty if usable; else why not, for /readyz. (A broker that is away is the monitor's to say.) As long as nobody
  /// sends anything it is empty too: who only reads may lack the right to write.
  std::string problem() const;

 private:
  std::shared_ptr<rd_kafka_s> client() const;
  bool is_asked() const;
  void run(const std::stop_token& stop);
  void replace_if_broken();

  const KafkaOptions options_;
  std::chrono::steady_clock::time_point made_;  // the client; thread_ only, once it runs
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::shared_ptr<rd_kafka_s> client_;
  bool asked_ = false;   // it to send something
  std::jthread thread_;  // last: starts work
};

}  // namespace freshet::ingest
