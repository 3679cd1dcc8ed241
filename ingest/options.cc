#include "ingest/options.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/event.h"

namespace freshet::ingest {
namespace {

using Problems = std::vector<std::string>;

template <typename Number>
void check_range(Problems& problems, std::string_view key, Number value, Number low, Number high,
                 std::string_view unit = "") {
  if (value >= low && value <= high) return;
  problems.push_back(std::string(key) + ": must be between " + std::to_string(low) + " and " + std::to_string(high) +
                     std::string(unit));
}

bool is_topic_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

std::vector<std::string> DecodeOptions::validate() const {
  Problems problems;
  check_range<std::int64_t>(problems, "events.max_future_skew", max_future_skew.count(), 0, 366 * 86'400, " s");
  check_range<std::size_t>(problems, "events.max_record_bytes", max_record_bytes, 1024, std::size_t{16} << 20);
  std::set<std::string_view> seen;
  for (const std::string& type : types) {
    if (type.empty() || type.front() == '$' || type.size() > kMaxIdBytes) {
      problems.push_back("events.types: \"" + type + "\" cannot be an event type");
    } else if (!seen.insert(type).second) {
      problems.push_back("events.types: \"" + type + "\" is named twice");
    }
  }
  return problems;
}

std::vector<std::string> EmbeddedOptions::validate() const {
  Problems problems;
  check_range<std::size_t>(problems, "embedded.max_queued_records", max_queued_records, 1, 10'000'000);
  check_range<std::size_t>(problems, "embedded.max_queued_bytes", max_queued_bytes, std::size_t{1} << 16,
                           std::size_t{1} << 34);
  check_range<std::int64_t>(problems, "embedded.retention", retention.count(), 0, 24 * 3660, " h");
  check_range<std::int64_t>(problems, "embedded.trim_interval", trim_interval.count(), 1, 86'400'000, " ms");
  return problems;
}

std::vector<std::string> KafkaOptions::validate() const {
  // At least once, in order, from our own positions: what these promises rest on cannot be changed from outside.
  // (Aliases of librdkafka included.)
  constexpr std::array<std::string_view, 14> kOwn{"bootstrap.servers",
                                                  "metadata.broker.list",
                                                  "group.id",
                                                  "enable.auto.commit",
                                                  "auto.commit.enable",
                                                  "enable.auto.offset.store",
                                                  "auto.offset.reset",
                                                  "isolation.level",
                                                  "partition.assignment.strategy",
                                                  "enable.idempotence",
                                                  "acks",
                                                  "request.required.acks",
                                                  "transactional.id",
                                                  "queue.buffering.max.messages"};
  Problems problems;
  if (brokers.empty()) problems.emplace_back("kafka.brokers: must not be empty");
  if (!is_topic_name(topic)) problems.push_back("kafka.topic: \"" + topic + "\" cannot be a Kafka topic");
  if (group.empty()) problems.emplace_back("kafka.group: must not be empty");
  if (!dead_letter_topic.empty() && !is_topic_name(dead_letter_topic)) {
    problems.push_back("kafka.dead_letter_topic: \"" + dead_letter_topic + "\" cannot be a Kafka topic");
  }
  if (topic == dead_letter_topic) problems.emplace_back("kafka.dead_letter_topic: must differ from kafka.topic");
  for (const auto& [name, value] : properties) {
    if (std::ranges::count(kOwn, name) > 0)
      problems.push_back("kafka.properties." + name + ": is set by freshet itself");
  }
  return problems;
}

std::vector<std::string> WriterOptions::validate() const {
  Problems problems;
  check_range<std::size_t>(problems, "writer.batch_records", batch_records, 1, 1'000'000);
  check_range<std::int64_t>(problems, "writer.poll_timeout", poll_timeout.count(), 1, 10'000, " ms");
  check_range<std::int64_t>(problems, "writer.erase_interval", erase_interval.count(), 1000, 30LL * 86'400'000, " ms");
  return problems;
}

}  // namespace freshet::ingest
