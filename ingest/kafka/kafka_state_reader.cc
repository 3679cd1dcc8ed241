// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_state_reader.h"

#include <algorithm>
#include <utility>

namespace freshet::ingest {
namespace {

constexpr std::int32_t kOnlyPartition = 0;  // of the state topic

/// What the state topic's reader has returned, with the number that the partition has in the log as a whole.
LogBatch renamed(LogBatch batch) {
  LogBatch out;
  for (LogRecord& record : batch.records) {
    record.position.partition = kStatePartition;
    out.records.push_back(std::move(record));
  }
  for (const auto& [partition, offset] : batch.next) out.next[kStatePartition] = offset;
  if (!batch.recreated.empty()) out.recreated.insert(kStatePartition);
  return out;
}

}  // namespace

Positions without_state(Positions positions) {
  positions.erase(kStatePartition);
  return positions;
}

Positions only_state(const Positions& positions) {
  const auto own = positions.find(kStatePartition);
  return own == positions.end() ? Positions{} : Positions{{kOnlyPartition, own->second}};
}

KafkaStateReader::KafkaStateReader(std::unique_ptr<LogReader> events, std::unique_ptr<LogReader> state,
                                   const Positions& state_at)
    : events_(std::move(events)), state_(std::move(state)) {
  state_->seek(state_at);
}

Result<LogBatch> KafkaStateReader::poll_state(std::size_t max_records) {
  auto batch = state_->poll(max_records, std::chrono::milliseconds{0});
  if (!batch) return batch;
  const bool one = std::ranges::all_of(batch->next, [](const auto& next) { return next.first == kOnlyPartition; });
  if (!one) return Error{Errc::invalid, "kafka: the state topic has more than one partition"};
  return renamed(*std::move(batch));
}

Result<LogBatch> KafkaStateReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    auto state = poll_state(max_records);
    {
      const MutexLock lock(mutex_);
      problem_ = state ? "" : state.error().message;
    }
    if (state && !state->next.empty()) return state;
    // Trouble with the state topic does not stop the events.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    auto events = events_->poll(max_records, std::clamp(left, std::chrono::milliseconds{0}, kLookInterval));
    if (!events || !events->next.empty() || left <= kLookInterval) return events;
  }
}

void KafkaStateReader::seek(const Positions& positions) {
  events_->seek(without_state(positions));
  state_->seek(only_state(positions));
}

Positions KafkaStateReader::end_positions() const {
  Positions ends = events_->end_positions();
  const Positions state = state_->end_positions();
  // An empty topic has nothing to be read; naming it would look like a partition that is never reached.
  const auto own = state.find(kOnlyPartition);
  if (own != state.end() && own->second > 0) ends[kStatePartition] = own->second;
  return ends;
}

/// Offsets of the state topic are not committed: no lag tool looks at them, and a group would need rights of its own.
void KafkaStateReader::commit(const Positions& positions) {
  if (const Positions events = without_state(positions); !events.empty()) events_->commit(events);
}

std::string KafkaStateReader::problem() const {
  if (auto problem = events_->problem(); !problem.empty()) return problem;
  const MutexLock lock(mutex_);
  return problem_;
}

}  // namespace freshet::ingest
