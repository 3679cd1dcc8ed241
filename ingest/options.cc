#include "ingest/options.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace freshet::ingest {

std::vector<std::string> DecodeOptions::validate() const {
  std::vector<std::string> problems;
  if (types.empty()) problems.emplace_back("events.types: must name at least one event type");
  for (const std::string& type : types) {
    if (type.empty() || type.front() == '$') problems.push_back("events.types: \"" + type + "\" is not a type name");
  }
  return problems;
}

std::vector<std::string> EmbeddedOptions::validate() const { return {}; }

std::vector<std::string> KafkaOptions::validate() const {
  // What freshet's own promises rest on cannot be changed from outside.
  constexpr std::array<std::string_view, 10> kOwn{
      "bootstrap.servers",  "metadata.broker.list",     "group.id",        "enable.auto.commit", "enable.auto.offset.store",
      "enable.idempotence", "partition.assignment.strategy", "acks", "isolation.level",    "auto.offset.reset"};
  std::vector<std::string> problems;
  for (const auto& [name, value] : properties) {
    if (std::ranges::count(kOwn, name) > 0) problems.push_back("kafka.properties." + name + ": is set by freshet itself");
  }
  if (brokers.empty()) problems.emplace_back("kafka.brokers: must not be empty");
  if (topic.empty()) problems.emplace_back("kafka.topic: must not be empty");
  if (group.empty()) problems.emplace_back("kafka.group: must not be empty");
  if (topic == dead_letter_topic) problems.emplace_back("kafka.dead_letter_topic: must differ from kafka.topic");
  return problems;
}

std::vector<std::string> WriterOptions::validate() const { return {}; }

}  // namespace freshet::ingest
