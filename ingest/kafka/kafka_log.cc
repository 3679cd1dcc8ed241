#include "ingest/kafka/kafka_log.h"

#include <utility>

#include "ingest/kafka/kafka_reader.h"

namespace freshet::ingest {

KafkaLog::KafkaLog(const KafkaOptions& options, Metrics& metrics)
    : options_(options), metrics_(metrics), monitor_(options), producer_(options) {
  if (!options_.dead_letter_topic.empty()) dead_letters_.emplace(producer_, monitor_, options_);
}

KafkaLog::~KafkaLog() = default;

std::string KafkaLog::problem() const {
  const std::string problem = monitor_.problem();
  return problem.empty() ? producer_.problem() : problem;
}

void KafkaLog::append(std::vector<LogEntry> entries, Appended done) {
  std::vector<OutgoingRecord> records;
  records.reserve(entries.size());
  for (const LogEntry& entry : entries) records.push_back({entry.key, entry.value, {}, entry.partition});
  producer_.send(options_.topic, records, std::move(done));
}

Result<std::vector<std::int32_t>> KafkaLog::partitions() const {
  std::vector<std::int32_t> partitions;
  for (const auto& [partition, end] : monitor_.ends()) partitions.push_back(partition);
  if (partitions.empty()) return Error{Errc::unavailable, monitor_.problem()};
  return partitions;
}

std::unique_ptr<LogReader> KafkaLog::open_reader(Sharing sharing, PositionsOf positions_of) {
  if (sharing == Sharing::group) {
    return std::make_unique<KafkaGroupReader>(options_, monitor_, std::move(positions_of), metrics_);
  }
  return std::make_unique<KafkaFullReader>(options_, monitor_, metrics_);
}

}  // namespace freshet::ingest
