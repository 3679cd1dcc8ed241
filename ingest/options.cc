// SPDX-License-Identifier: Apache-2.0
#include "ingest/options.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/event.h"

namespace freshet::ingest {
namespace {

using namespace std::chrono_literals;
using option::kGiB;
using option::kKiB;
using option::kMiB;
using option::kMillion;

OptionProblems judge_types(const std::vector<std::string>& types) {
  OptionProblems problems;
  std::set<std::string_view> seen;
  for (const std::string& type : types) {
    if (type.empty() || type.front() == '$' || type.size() > kMaxIdBytes) {
      problems.push_back({"", "\"" + type + "\" cannot be an event type"});
    } else if (!seen.insert(type).second) {
      problems.push_back({"", "\"" + type + "\" is named twice"});
    }
  }
  return problems;
}

OptionProblems not_empty(const std::string& text) {
  return text.empty() ? OptionProblems{{"", "must not be empty"}} : OptionProblems{};
}

OptionProblems judge_topic(const std::string& name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const bool fits = !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
                    name.find_first_not_of(kAllowed) == std::string_view::npos;
  return fits ? OptionProblems{} : OptionProblems{{"", "\"" + name + "\" cannot be a Kafka topic"}};
}

OptionProblems judge_optional_topic(const std::string& name) {
  return name.empty() ? OptionProblems{} : judge_topic(name);
}

OptionProblems judge_properties(const std::map<std::string, std::string>& properties) {
  // At least once, in order, from our own positions: what these promises rest on cannot be changed from outside.
  // (Aliases of librdkafka included.)
  constexpr std::array<std::string_view, 15> kOwn{"bootstrap.servers",
                                                  "metadata.broker.list",
                                                  "group.id",
                                                  "enable.auto.commit",
                                                  "auto.commit.enable",
                                                  "enable.auto.offset.store",
                                                  "auto.offset.reset",
                                                  "enable.partition.eof",
                                                  "isolation.level",
                                                  "partition.assignment.strategy",
                                                  "enable.idempotence",
                                                  "acks",
                                                  "request.required.acks",
                                                  "transactional.id",
                                                  "queue.buffering.max.messages"};
  OptionProblems problems;
  for (const auto& [name, value] : properties) {
    if (std::ranges::count(kOwn, name) > 0) problems.push_back({name, "is set by freshet itself"});
  }
  return problems;
}

bool is_secret_property(std::string_view name) {
  return std::ranges::any_of(std::array{"password", "secret", "key.pem", "jaas"},
                             [&](const char* word) { return name.find(word) != std::string_view::npos; });
}

}  // namespace

std::vector<Option<DecodeOptions>> DecodeOptions::describe() {
  return {
      option::verbatim<DecodeOptions, std::vector<std::string>>(
          "types", &DecodeOptions::types, "list of text",
          "Event types that are accepted; events of any other type are dead letters. Empty: every type is accepted.",
          judge_types),
      option::duration("max_future_skew", &DecodeOptions::max_future_skew, {0s, 24h * 365},
                       "An event dated further ahead of its arrival than this is a dead letter."),
      option::size("max_record_bytes", &DecodeOptions::max_record_bytes, {kKiB, 16 * kMiB},
                   "Largest event, as JSON text; a larger one is a dead letter."),
  };
}

std::vector<Option<EmbeddedOptions>> EmbeddedOptions::describe() {
  return {
      option::integer("max_queued_records", &EmbeddedOptions::max_queued_records, {1, 10 * kMillion},
                      "Largest number of events that wait for their fsync. Beyond it producers get 503."),
      option::size("max_queued_bytes", &EmbeddedOptions::max_queued_bytes, {kMiB, 64 * kGiB},
                   "Largest total size of the events that wait for their fsync. Beyond it producers get 503."),
      option::duration("retention", &EmbeddedOptions::retention, {0s, 24h * 3650},
                       "Shortest time that events stay in the embedded log, even after every reader has read them, "
                       "unless embedded.max_bytes is reached. Whole hours."),
      option::size("max_bytes", &EmbeddedOptions::max_bytes, {0, 1024 * 1024 * kGiB},
                   "Largest size of the embedded log. When it is reached, the oldest events that every reader has read "
                   "are deleted before embedded.retention is over. If that is not enough, producers get 503. The "
                   "learner has read what its last checkpoint but one contains. 0: no bound."),
      option::duration("trim_interval", &EmbeddedOptions::trim_interval, {1ms, 24h},
                       "Interval between trims of the embedded log."),
  };
}

std::vector<Option<KafkaOptions>> KafkaOptions::describe() {
  return {
      option::text("brokers", &KafkaOptions::brokers, "Bootstrap servers, host:port separated by commas.", not_empty),
      option::text("topic", &KafkaOptions::topic, "Topic of the events.", judge_topic),
      option::text("group", &KafkaOptions::group,
                   "Consumer group of the history writer. The learner reads all partitions as \"<group>-learner\".",
                   not_empty),
      option::text("dead_letter_topic", &KafkaOptions::dead_letter_topic,
                   "Topic for records that are not valid events. Records that Kafka does not accept there are kept in "
                   "the data directory; if this is empty, all are.",
                   judge_optional_topic),
      option::text(
          "state_topic", &KafkaOptions::state_topic,
          "Topic of the items, compacted and of one partition, which every instance reads whole. It is created "
          "if it does not exist. If this is empty, items are records of the events topic.",
          judge_optional_topic),
      option::verbatim<KafkaOptions, std::map<std::string, std::string>>(
          "properties", &KafkaOptions::properties, "table of text",
          "Any librdkafka property (TLS, SASL, tuning) except the 15 that freshet sets itself (docs/kafka.md). A value "
          "\"$env:NAME\" or \"$file:PATH\" is read from the environment or from a file; passwords and secrets must be "
          "given this way.",
          judge_properties)
          .secret(is_secret_property),
  };
}

OptionProblems KafkaOptions::validate() const {
  OptionProblems problems = check(describe(), *this);
  if (topic == dead_letter_topic) problems.push_back({"dead_letter_topic", "must differ from kafka.topic"});
  return problems;
}

std::vector<Option<WriterOptions>> WriterOptions::describe() {
  return {
      option::integer("batch_records", &WriterOptions::batch_records, {1, 100'000},
                      "Largest number of events that the history writer commits at once."),
      option::duration("poll_timeout", &WriterOptions::poll_timeout, {1ms, 10s},
                       "Longest wait of the history writer for new events before it checks for a shutdown."),
      option::duration("erase_interval", &WriterOptions::erase_interval, {1s, 24h * 30},
                       "Shortest interval between rewrites of the files that hold data of erased users and sessions."),
  };
}

}  // namespace freshet::ingest
