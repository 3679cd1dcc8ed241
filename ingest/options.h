// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/options.h"
#include "base/pseudonyms.h"

namespace freshet::ingest {

// What each option means and takes: options.cc. Each validate() returns every problem at once.

/// [events]: what makes a record a valid event. Other records are dead letters.
struct DecodeOptions {
  std::chrono::seconds max_future_skew{300};
  std::size_t max_record_bytes = std::size_t{64} << 10;
  std::vector<std::string> types;
  // Not options of their own:
  Pseudonyms pseudonyms;                       ///< what events have instead of the ids in their records
  std::map<std::string, std::size_t> vectors;  ///< dimensions of the vectors that items may have
  bool items_among_events = true;              ///< false: item records among the events are passed over
  std::function<Timestamp()> oldest_kept;      ///< time of the oldest event that is not too old; none: no event is

  static std::vector<Option<DecodeOptions>> describe();
  OptionProblems validate() const { return check(describe(), *this); }
};

/// [embedded]: the embedded log.
struct EmbeddedOptions {
  std::size_t max_queued_records = 100'000;
  std::size_t max_queued_bytes = std::size_t{64} << 20;  ///< keys and values together
  std::chrono::hours retention{24};
  std::size_t max_bytes = std::size_t{10} << 30;  ///< keys and values together; 0: no bound
  std::chrono::milliseconds trim_interval{10'000};

  static std::vector<Option<EmbeddedOptions>> describe();
  OptionProblems validate() const { return check(describe(), *this); }
};

/// [kafka]: the Kafka log.
struct KafkaOptions {
  std::string brokers = "127.0.0.1:9092";
  std::string topic = "freshet-events";
  std::string group = "freshet";
  std::string dead_letter_topic = "freshet-dead-letters";
  std::string state_topic = "freshet-state";
  std::map<std::string, std::string> properties;

  static std::vector<Option<KafkaOptions>> describe();
  OptionProblems validate() const;
};

/// [writer]: the history writer and the eraser.
struct WriterOptions {
  std::size_t batch_records = 2000;
  std::chrono::milliseconds poll_timeout{100};
  std::chrono::milliseconds erase_interval{std::chrono::hours{1}};

  static std::vector<Option<WriterOptions>> describe();
  OptionProblems validate() const { return check(describe(), *this); }
};

}  // namespace freshet::ingest
