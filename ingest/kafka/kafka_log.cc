// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_log.h"

#include <utility>

#include "base/check.h"
#include "ingest/kafka/kafka_reader.h"
#include "ingest/kafka/kafka_state_reader.h"

namespace freshet::ingest {

namespace {

/// What readers and monitor of the state topic are told.
KafkaOptions state_options(KafkaOptions options) {
  options.topic = options.state_topic;
  options.dead_letter_topic.clear();
  return options;
}

}  // namespace

KafkaLog::KafkaLog(const KafkaOptions& options, Metrics& metrics)
    : options_(options), metrics_(metrics), monitor_(options, KafkaMonitor::Missing::is_a_problem), producer_(options) {
  if (!options_.state_topic.empty()) {
    state_monitor_.emplace(state_options(options), KafkaMonitor::Missing::create_compacted);
  }
  if (!options_.dead_letter_topic.empty()) dead_letters_.emplace(producer_, monitor_, options_);
}

KafkaLog::~KafkaLog() = default;

/// A state topic that nobody could create yet is no reason not to serve: there are no items then.
std::string KafkaLog::problem() const {
  if (auto problem = monitor_.problem(); !problem.empty()) return problem;
  if (auto problem = producer_.problem(); !problem.empty()) return problem;
  return state_monitor_ && state_monitor_->topic_exists() ? state_monitor_->problem() : "";
}

void KafkaLog::append(std::vector<LogEntry> entries, Appended done) {
  const bool state = !entries.empty() && entries.front().partition == kStatePartition;
  std::vector<OutgoingRecord> records;
  records.reserve(entries.size());
  for (const LogEntry& entry : entries) {
    FRESHET_CHECK((entry.partition == kStatePartition) == state);
    records.push_back({entry.key, entry.value, {}, state ? 0 : entry.partition, state && entry.value.empty()});
  }
  if (!state) return producer_.send(options_.topic, records, std::move(done));
  producer_.send(options_.state_topic, records, [done = std::move(done)](Result<Positions> end) {
    if (!end) return done(std::move(end));
    done(Positions{{kStatePartition, end->begin()->second}});
  });
}

Result<std::vector<std::int32_t>> KafkaLog::partitions() const {
  std::vector<std::int32_t> partitions;
  for (const auto& [partition, end] : monitor_.ends()) partitions.push_back(partition);
  if (partitions.empty()) return Error{Errc::unavailable, monitor_.problem()};
  return partitions;
}

std::unique_ptr<LogReader> KafkaLog::open_reader(Sharing sharing, PositionsOf positions_of) {
  if (sharing == Sharing::all) {
    return with_state(std::make_unique<KafkaFullReader>(options_, monitor_, "learner", metrics_), "learner", {});
  }
  const Positions state_at = only_state(positions_of());
  auto of_events = [positions_of = std::move(positions_of)] { return without_state(positions_of()); };
  return with_state(std::make_unique<KafkaGroupReader>(options_, monitor_, std::move(of_events), metrics_), "history",
                    state_at);
}

std::unique_ptr<LogReader> KafkaLog::with_state(std::unique_ptr<LogReader> events, const std::string& name,
                                                const Positions& state_at) {
  if (!state_monitor_) return events;
  auto state = std::make_unique<KafkaFullReader>(state_options(options_), *state_monitor_, name + "-state", metrics_);
  return std::make_unique<KafkaStateReader>(std::move(events), std::move(state), state_at);
}

}  // namespace freshet::ingest
