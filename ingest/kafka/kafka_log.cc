#include "ingest/kafka/kafka_log.h"

#include <algorithm>
#include <future>
#include <utility>

#include "ingest/kafka/kafka_reader.h"
#include "store/dead_letters.h"

namespace freshet::ingest {
namespace {

/// What is kept of the record, and why and where it was in headers before its own.
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
  // A longer record than brokers commonly take must not stop the stream.
  std::vector<RejectedRecord> kept(rejected.size());
  std::ranges::transform(rejected, kept.begin(), store::cut_dead_letter);
  std::vector<OutgoingRecord> records;
  records.reserve(kept.size());
  for (const RejectedRecord& record : kept) records.push_back(dead_letter(record, options_.topic));

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
