// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_dead_letters.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ingest/acknowledged.h"
#include "store/dead_letters.h"

namespace freshet::ingest {
namespace {

OutgoingRecord dead_letter(const RejectedRecord& kept, const std::string& topic) {
  OutgoingRecord record{kept.key,
                        kept.value,
                        {{"freshet-reason", kept.reason},
                         {"freshet-topic", topic},
                         {"freshet-partition", std::to_string(kept.position.partition)},
                         {"freshet-offset", std::to_string(kept.position.offset)}}};
  record.headers.insert(record.headers.end(), kept.headers.begin(), kept.headers.end());
  return record;
}

}  // namespace

Result<void> KafkaDeadLetters::append(std::span<const RejectedRecord> rejected, std::chrono::milliseconds timeout) {
  std::vector<RejectedRecord> kept(rejected.size());
  std::ranges::transform(rejected, kept.begin(), store::cut_dead_letter);
  std::vector<OutgoingRecord> records;
  records.reserve(kept.size());
  for (const RejectedRecord& record : kept) records.push_back(dead_letter(record, events_topic_));

  const auto result =
      acknowledged_within(timeout, [&](EventLog::Appended done) { producer_.send(topic_, records, std::move(done)); });
  if (!result) return Error{result.error().code, "topic \"" + topic_ + "\": " + result.error().message};
  return {};
}

}  // namespace freshet::ingest
