#include "ingest/kafka_reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/kafka_client.h"

namespace freshet::ingest {
namespace {

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

/// What every consumer of ours has; `group` only matters to members of one, and to lag tools.
RdConf consumer_conf(const KafkaOptions& options, const std::string& group) {
  return make_conf(options, {
                                {"group.id", group},
                                {"enable.auto.commit", "false"},
                                {"enable.auto.offset.store", "false"},
                                {"isolation.level", "read_committed"},
                                {"auto.offset.reset", "earliest"},
                                {"partition.assignment.strategy", "cooperative-sticky"},
                                // Read-ahead per reader is bounded, so a writer that is behind costs no memory.
                                {"queued.min.messages", "20000"},
                                {"queued.max.messages.kbytes", "32768"},
                                // An answer as soon as there is a record: freshness before batching.
                                {"fetch.wait.max.ms", "10"},
                                {"fetch.error.backoff.ms", "100"},
                            });
}

Timestamp arrival_of(const rd_kafka_message_t& message, Timestamp now) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t ms = rd_kafka_message_timestamp(&message, &type);
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0) return now;
  // A producer's clock may be wrong; what we have in hand has arrived.
  return std::min(timestamp_from_ms(ms), now);
}

std::vector<std::pair<std::string, std::string>> headers_of(const rd_kafka_message_t& message) {
  std::vector<std::pair<std::string, std::string>> headers;
  rd_kafka_headers_t* kafka_headers = nullptr;
  if (rd_kafka_message_headers(&message, &kafka_headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(kafka_headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    headers.emplace_back(name, std::string(static_cast<const char*>(value), value == nullptr ? 0 : size));
  }
  return headers;
}

std::string bytes_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

std::set<int> partitions_of(const rd_kafka_topic_partition_list_t& list) {
  std::set<int> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.insert(list.elems[i].partition);
  return partitions;
}

}  // namespace

KafkaReader::KafkaReader(const KafkaOptions& options, const KafkaMonitor& monitor, Metrics& metrics)
    : options_(options),
      monitor_(monitor),
      skipped_(metrics.counter("freshet_ingest_out_of_range_total",
                               "Records that the log had deleted before they were read.")) {}

KafkaReader::~KafkaReader() = default;

Result<LogBatch> KafkaReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  LogBatch batch;
  const std::uint64_t generation = generation_;
  const Timestamp now = SystemClock().now();
  auto wait = static_cast<int>(timeout.count());
  while (batch.records.size() < max_records) {
    const Message message(rd_kafka_consumer_poll(consumer_.get(), wait));
    if (!message) break;
    wait = 0;  // only the first record is waited for
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      // The monitor says what is wrong with cluster and topic; librdkafka retries by itself.
      log::debug("kafka consumer", {{"error", rd_kafka_message_errstr(message.get())}});
      continue;
    }
    const auto expected = expected_.find(message->partition);
    if (expected != expected_.end() && message->offset != expected->second) {
      notice_gap(message->partition, expected->second, message->offset);
    }
    expected_[message->partition] = message->offset + 1;
    batch.records.push_back({{message->partition, message->offset},
                             arrival_of(*message, now),
                             bytes_of(message->key, message->key_len),
                             bytes_of(message->payload, message->len),
                             headers_of(*message)});
  }
  if (generation_ != generation) {
    // Partitions were taken away while this batch was being collected: their records are the new owner's to write.
    const std::set<int> mine = owned();
    std::erase_if(batch.records, [&](const LogRecord& record) { return !mine.contains(record.position.partition); });
  }
  for (const LogRecord& record : batch.records) {
    batch.next[record.position.partition] = record.position.offset + 1;
  }
  return batch;
}

/// Offsets may have holes (transaction markers, compaction); only what lies before the log's beginning was lost.
void KafkaReader::notice_gap(int partition, std::int64_t expected, std::int64_t found) {
  if (found < expected) {
    log::warn("the log is shorter than our position; was the topic recreated?",
              {{"partition", partition}, {"expected", expected}, {"found", found}});
    return;
  }
  std::int64_t low = 0, high = 0;
  if (rd_kafka_get_watermark_offsets(consumer_.get(), options_.topic.c_str(), partition, &low, &high) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      low <= expected) {
    return;
  }
  const std::int64_t lost = std::min(low, found) - expected;
  skipped_.Increment(static_cast<double>(lost));
  log::error("the log deleted records before they were read: its retention is too short",
             {{"partition", partition}, {"records", lost}});
}

Positions KafkaReader::end_positions() const {
  Positions ends = monitor_.ends();
  const std::set<int> mine = owned();
  std::erase_if(ends, [&](const auto& end) { return !mine.contains(end.first); });
  return ends;
}

void KafkaReader::commit(const Positions& positions) {
  // Asynchronous and best effort: for lag tools, and for the next owner of the partition.
  const RdPartitions list = to_list(positions);
  rd_kafka_commit(consumer_.get(), list.get(), /*async=*/1);
}

void KafkaReader::idle(std::chrono::milliseconds duration) {
  Positions mine;
  for (const int partition : owned()) mine[partition] = RD_KAFKA_OFFSET_INVALID;
  const RdPartitions list = to_list(mine);
  rd_kafka_pause_partitions(consumer_.get(), list.get());
  const auto deadline = std::chrono::steady_clock::now() + duration;
  do {
    // Paused partitions deliver nothing new; a record that was on its way already is fetched again after the seek.
    const Message message(rd_kafka_consumer_poll(consumer_.get(), 10));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const RdPartitions back = to_list({{message->partition, message->offset}});
      rd_kafka_error_destroy(rd_kafka_seek_partitions(consumer_.get(), back.get(), 1000));
    }
  } while (std::chrono::steady_clock::now() < deadline);
  rd_kafka_resume_partitions(consumer_.get(), list.get());
}

RdPartitions KafkaReader::to_list(const Positions& positions) const {
  RdPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const auto& [partition, offset] : positions) {
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = offset;
  }
  return list;
}

void KafkaReader::set_owned(std::set<int> owned) {
  std::lock_guard lock(mutex_);
  owned_ = std::move(owned);
  ++generation_;
}

std::set<int> KafkaReader::owned() const {
  std::lock_guard lock(mutex_);
  return owned_;
}

void KafkaReader::expect(const Positions& positions) {
  for (const auto& [partition, offset] : positions) expected_[partition] = offset;
}

KafkaGroupReader::KafkaGroupReader(const KafkaOptions& options, const KafkaMonitor& monitor, PositionsOf positions_of,
                                   Metrics& metrics)
    : KafkaReader(options, monitor, metrics), positions_of_(std::move(positions_of)) {
  RdConf conf = consumer_conf(options, options.group);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), [](rd_kafka_t* consumer, rd_kafka_resp_err_t error,
                                                rd_kafka_topic_partition_list_t* partitions, void* self) {
    on_rebalance(consumer, error, partitions, self);
  });
  consumer_ = make_consumer(std::move(conf));
  rd_kafka_poll_set_consumer(consumer_.get());
  const RdPartitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer_.get(), topics.get());
}

KafkaGroupReader::~KafkaGroupReader() {
  rd_kafka_consumer_close(consumer_.get());  // leaves the group at once, so that others take over at once
}

void KafkaGroupReader::on_rebalance(rd_kafka_t*, int error, rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto* reader = static_cast<KafkaGroupReader*>(self);
  error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? reader->assign(partitions) : reader->revoke(partitions);
}

void KafkaGroupReader::assign(rd_kafka_topic_partition_list_t* partitions) {
  const std::set<int> added = partitions_of(*partitions);
  const Positions stored = positions_of_({added.begin(), added.end()});
  Positions known;
  for (int i = 0; i < partitions->cnt; ++i) {
    // The store is the truth. Without it: what the group committed, else the beginning (auto.offset.reset).
    const auto own = stored.find(partitions->elems[i].partition);
    partitions->elems[i].offset = own == stored.end() ? RD_KAFKA_OFFSET_STORED : own->second;
    if (own != stored.end()) known.insert(*own);
  }
  expect(known);
  rd_kafka_error_destroy(rd_kafka_incremental_assign(consumer_.get(), partitions));
  std::set<int> mine = owned();
  mine.insert(added.begin(), added.end());
  log::info("partitions assigned", {{"added", added.size()}, {"owned", mine.size()}});
  set_owned(std::move(mine));
}

void KafkaGroupReader::revoke(rd_kafka_topic_partition_list_t* partitions) {
  const std::set<int> removed = partitions_of(*partitions);
  rd_kafka_error_destroy(rd_kafka_incremental_unassign(consumer_.get(), partitions));
  std::set<int> mine = owned();
  for (const int partition : removed) mine.erase(partition);
  log::info("partitions revoked", {{"removed", removed.size()}, {"owned", mine.size()}});
  set_owned(std::move(mine));
}

void KafkaGroupReader::seek(const Positions& positions) {
  Positions targets;
  for (const int partition : owned()) {
    const auto own = positions.find(partition);
    targets[partition] = own == positions.end() ? RD_KAFKA_OFFSET_BEGINNING : own->second;
  }
  const RdPartitions list = to_list(targets);
  rd_kafka_error_destroy(rd_kafka_seek_partitions(consumer_.get(), list.get(), 5000));
  std::erase_if(targets, [](const auto& target) { return target.second < 0; });
  expect(targets);
}

KafkaFullReader::KafkaFullReader(const KafkaOptions& options, const KafkaMonitor& monitor, Metrics& metrics)
    : KafkaReader(options, monitor, metrics) {
  consumer_ = make_consumer(consumer_conf(options, options.group + "-learner"));
  rd_kafka_poll_set_consumer(consumer_.get());
}

Result<LogBatch> KafkaFullReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  if (monitor_.ends().size() != owned().size()) assign_all();
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

/// All partitions that the monitor has seen, each where we are, new ones from their beginning.
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
  if (partitions.empty()) return;
  expect(known);
  const RdPartitions list = to_list(targets);
  rd_kafka_assign(consumer_.get(), list.get());
  set_owned(std::move(partitions));
}

}  // namespace freshet::ingest
