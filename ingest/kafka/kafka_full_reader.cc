// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "base/log.h"
#include "ingest/kafka/kafka_client.h"

namespace freshet::ingest {

KafkaFullReader::KafkaFullReader(const KafkaOptions& options, const KafkaMonitor& monitor, const std::string& name,
                                 Metrics& metrics)
    : KafkaReader(options, monitor, name, metrics) {
  // It never joins this group. The name is for the offset commits, which lag tools read.
  consumer_ = make_consumer(consumer_conf(options, options.group + "-learner"));
  rd_kafka_poll_set_consumer(consumer_.get());
}

/// A client that has partitions which the topic has lost is not destroyed by librdkafka 2.0, which waits for ever, unless it
/// is closed.
KafkaFullReader::~KafkaFullReader() { rd_kafka_consumer_close(consumer_.get()); }

Result<LogBatch> KafkaFullReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  const Positions ends = monitor_.ends();
  if (!ends.empty() && !std::ranges::equal(ends, owned(), {}, [](const auto& end) { return end.first; })) assign_all();
  auto batch = KafkaReader::poll(max_records, timeout);
  if (batch) {
    for (const auto& [partition, offset] : batch->next) next_[partition] = offset;
  }
  return batch;
}

void KafkaFullReader::seek(const Positions& positions) {
  next_ = positions;
  assign_all();
}

/// Assigns all partitions that the monitor has seen: those read before at their positions, new ones at their beginning.
void KafkaFullReader::assign_all() {
  Positions targets = monitor_.ends();
  std::set<int> partitions;
  Positions known;
  for (auto& [partition, offset] : targets) {
    const auto own = next_.find(partition);
    offset = own == next_.end() ? RD_KAFKA_OFFSET_BEGINNING : own->second;
    if (own != next_.end()) known.insert(*own);
    partitions.insert(partition);
  }
  if (partitions.empty()) return;  // poll() tries again once the monitor has seen the topic
  if (const auto error = rd_kafka_assign(consumer_.get(), to_list(targets).get())) {
    log::error("kafka: cannot assign partitions", {{"error", kafka_message(error)}});
    return;
  }
  remove_owned(owned());
  add_owned(partitions, known);
}

}  // namespace freshet::ingest
