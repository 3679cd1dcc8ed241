// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/batch_collector.h"

#include <utility>

namespace freshet::ingest {
namespace {

constexpr std::size_t kMaxBatchBytes = std::size_t{16} << 20;

}  // namespace

bool BatchCollector::is_full(std::size_t max_records) const {
  return batches_.size() > 1 || batches_.back().records.size() >= max_records || bytes_ >= kMaxBatchBytes;
}

void BatchCollector::add(LogRecord record) {
  bytes_ += record.key.size() + record.value.size();
  for (const auto& [name, value] : record.headers) bytes_ += name.size() + value.size();
  pass(record.position.partition, record.position.offset + 1);
  batches_.back().records.push_back(std::move(record));
}

void BatchCollector::pass(std::int32_t partition, std::int64_t offset) { batches_.back().next[partition] = offset; }

void BatchCollector::begin_anew(std::int32_t partition) {
  if (batches_.back().next.contains(partition)) {
    batches_.emplace_back();
    bytes_ = 0;
  }
  batches_.back().recreated.insert(partition);
}

void BatchCollector::drop(const std::set<int>& partitions) {
  for (LogBatch& batch : batches_) {
    std::erase_if(batch.records, [&](const auto& record) { return partitions.contains(record.position.partition); });
    for (const int partition : partitions) {
      batch.next.erase(partition);
      batch.recreated.erase(partition);
    }
  }
  while (batches_.size() > 1 && batches_.front().next.empty()) batches_.pop_front();
}

LogBatch BatchCollector::take() {
  LogBatch oldest = std::move(batches_.front());
  batches_.pop_front();
  if (batches_.empty()) {
    batches_.emplace_back();
    bytes_ = 0;
  }
  return oldest;
}

}  // namespace freshet::ingest
