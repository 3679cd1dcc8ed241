#include "ingest/kafka_log.h"

#include <algorithm>
#include <future>
#include <utility>

#include "ingest/kafka_reader.h"

namespace freshet::ingest {
namespace {

/// The record as it was, and why and where in headers. What would make it longer than brokers commonly take is cut off,
/// and said.
OutgoingRecord dead_letter(const RejectedRecord& rejected, const std::string& topic) {
  OutgoingRecord record{std::string_view(rejected.key).substr(0, KafkaLog::kMaxDeadLetterBytes),
                        std::string_view(rejected.value).substr(0, KafkaLog::kMaxDeadLetterBytes),
                        {{"freshet-reason", rejected.reason},
                         {"freshet-topic", topic},
                         {"freshet-partition", std::to_string(rejected.position.partition)},
                         {"freshet-offset", std::to_string(rejected.position.offset)}}};
  if (record.value.size() < rejected.value.size()) {
    record.headers.emplace_back("freshet-truncated-from", std::to_string(rejected.value.size()));
  }
  std::size_t room = KafkaLog::kMaxDeadLetterBytes;
  for (const auto& [name, value] : rejected.headers) {
    if (name.size() + value.size() > room) break;
    room -= name.size() + value.size();
    record.headers.emplace_back(name, value);
  }
  return record;
}

}  // namespace

KafkaLog::KafkaLog(const KafkaOptions& options, Metrics& metrics)
    : options_(options), metrics_(metrics), monitor_(options), producer_(options) {}

KafkaLog::~KafkaLog() = default;

std::string KafkaLog::problem() const {
  const std::string problem = monitor_.problem();
  return problem.empty() ? producer_.problem() : problem;
}

void KafkaLog::append(std::vector<LogEntry> entries, Appended done) {
  std::vector<OutgoingRecord> records;
  records.reserve(entries.size());
  for (const LogEntry& entry : entries) records.push_back({entry.key, entry.value, {}});
  producer_.send(options_.topic, records, std::move(done));
}

std::unique_ptr<LogReader> KafkaLog::open_reader(Sharing sharing, PositionsOf positions_of) {
  if (sharing == Sharing::group) {
    return std::make_unique<KafkaGroupReader>(options_, monitor_, std::move(positions_of), metrics_);
  }
  return std::make_unique<KafkaFullReader>(options_, monitor_, metrics_);
}

Result<void> KafkaLog::append_dead_letters(std::span<const RejectedRecord> rejected,
                                           std::chrono::milliseconds timeout) {
  std::vector<OutgoingRecord> records;
  records.reserve(rejected.size());
  for (const RejectedRecord& record : rejected) records.push_back(dead_letter(record, options_.topic));

  // Shared, since the answer may come after the timeout.
  const auto outcome = std::make_shared<std::promise<Result<Positions>>>();
  auto future = outcome->get_future();
  producer_.send(options_.dead_letter_topic, records,
                 [outcome](Result<Positions> result) { outcome->set_value(std::move(result)); });
  if (future.wait_for(timeout) != std::future_status::ready) {
    return Error{Errc::timed_out, "kafka: dead letters are not acknowledged"};
  }
  const auto result = future.get();
  if (!result) return Error{result.error().code, "dead letters: " + result.error().message};
  return {};
}

}  // namespace freshet::ingest
