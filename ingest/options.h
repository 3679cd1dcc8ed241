#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace freshet::ingest {

/// What makes a record a valid event.
struct DecodeOptions {
  std::chrono::seconds max_future_skew{300};  ///< event time later than arrival by more than this: dead letter
  std::size_t max_record_bytes = std::size_t{64} << 10;
  std::vector<std::string> types{"view", "click", "cart", "purchase", "like", "dislike", "impression"};

  std::vector<std::string> validate() const;
};

/// The embedded log.
struct EmbeddedOptions {
  std::size_t max_queued_records = 100'000;  ///< waiting for their fsync; beyond it append() says overloaded
  std::chrono::hours retention{24};          ///< kept at least this long after both readers have passed

  std::vector<std::string> validate() const;
};

/// The Kafka log.
struct KafkaOptions {
  std::string brokers = "127.0.0.1:9092";
  std::string topic = "freshet-events";
  std::string group = "freshet";
  std::string dead_letter_topic = "freshet-dead-letters";  ///< empty: counted and logged only
  std::map<std::string, std::string> properties;           ///< any librdkafka property (security, tuning)

  std::vector<std::string> validate() const;
};

struct WriterOptions {
  std::size_t batch_records = 2000;
  std::chrono::milliseconds poll_timeout{100};

  std::vector<std::string> validate() const;
};

}  // namespace freshet::ingest
