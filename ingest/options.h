#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/pseudonyms.h"

namespace freshet::ingest {

/// Each validate() returns every problem at once, as "<section>.<key>: what is wrong".

/// What makes a record a valid event.
struct DecodeOptions {
  std::chrono::seconds max_future_skew{300};             ///< event time later than arrival by more: dead letter
  std::size_t max_record_bytes = std::size_t{64} << 10;  ///< longer records: dead letter
  std::vector<std::string> types;                        ///< other types: dead letter; empty: any type will do
  Pseudonyms pseudonyms;                                 ///< what events have instead of the ids in their records

  std::vector<std::string> validate() const;
};

/// The embedded log.
struct EmbeddedOptions {
  std::size_t max_queued_records = 100'000;  ///< waiting for their fsync; beyond it append() says overloaded
  std::size_t max_queued_bytes = std::size_t{64} << 20;  ///< likewise, keys and values together
  std::chrono::hours retention{24};  ///< kept at least this long after arrival, and until all readers are past
  std::chrono::milliseconds trim_interval{10'000};  ///< how often what may go does go

  std::vector<std::string> validate() const;
};

/// The Kafka log.
struct KafkaOptions {
  std::string brokers = "127.0.0.1:9092";
  std::string topic = "freshet-events";
  std::string group = "freshet";
  std::string dead_letter_topic = "freshet-dead-letters";  ///< empty: the history store keeps them
  /// Any librdkafka property (security, tuning) except those that freshet's promises rest on.
  std::map<std::string, std::string> properties;

  std::vector<std::string> validate() const;
};

struct WriterOptions {
  std::size_t batch_records = 2000;             ///< at most this many in one commit; what is there is never waited on
  std::chrono::milliseconds poll_timeout{100};  ///< how long an idle writer waits before it looks at `stop`
  std::chrono::milliseconds erase_interval{
      std::chrono::hours{1}};  ///< how often files are rewritten without the erased

  std::vector<std::string> validate() const;
};

}  // namespace freshet::ingest
