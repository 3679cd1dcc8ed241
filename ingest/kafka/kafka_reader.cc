// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_reader.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/kafka/kafka_client.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::seconds kTroubleShown{5};

Timestamp arrival_of(const rd_kafka_message_t& message, Timestamp now) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t ms = rd_kafka_message_timestamp(&message, &type);
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0) return now;
  // A producer's clock may be ahead, but the record has arrived by now.
  return std::min(timestamp_from_ms(ms), now);
}

std::string bytes_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

RecordHeaders headers_of(const rd_kafka_message_t& message) {
  RecordHeaders headers;
  rd_kafka_headers_t* kafka_headers = nullptr;
  if (rd_kafka_message_headers(&message, &kafka_headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(kafka_headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    headers.emplace_back(name, bytes_of(value, size));
  }
  return headers;
}

/// True for errors that librdkafka recovers from by itself, or that the monitor reports.
bool is_passing(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return true;
    default: return false;
  }
}

}  // namespace

KafkaReader::KafkaReader(const KafkaOptions& options, const KafkaMonitor& monitor, const std::string& name,
                         Metrics& metrics)
    : options_(options), monitor_(monitor), gaps_(metrics, name) {}

KafkaReader::~KafkaReader() {
  if (consumer_) destroy(std::move(consumer_));
}

Result<LogBatch> KafkaReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  const KafkaMonitor::View view = monitor_.view();
  gaps_.settle(view.begins, view.number);
  auto wait = static_cast<int>(timeout.count());
  while (!collected_.is_full(max_records)) {
    const RdMessage message(rd_kafka_consumer_poll(consumer_.get(), wait));
    if (!message) break;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      note(*message, view.number);
    } else {
      collect(*message, view.number);
    }
    wait = 0;  // waits for the first message only
  }
  revoked_.clear();
  LogBatch batch = collected_.take();
  if (batch.next.empty() && std::chrono::steady_clock::now() < trouble_until_) {
    return Error{Errc::unavailable, trouble_};
  }
  return batch;
}

void KafkaReader::collect(const rd_kafka_message_s& message, std::uint64_t look) {
  const auto found = gaps_.arrived(message.partition, message.offset, look);
  if (found == GapDetector::Found::recreated) collected_.begin_anew(message.partition);
  collected_.add({{message.partition, message.offset},
                  arrival_of(message, SystemClock().now()),
                  bytes_of(message.key, message.key_len),
                  bytes_of(message.payload, message.len),
                  headers_of(message)});
}

/// The end of a partition, or an error.
void KafkaReader::note(const rd_kafka_message_s& message, std::uint64_t look) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    const auto found = gaps_.reached(message.partition, message.offset, look);
    if (found == GapDetector::Found::recreated) collected_.begin_anew(message.partition);
    if (found != GapDetector::Found::expected) collected_.pass(message.partition, message.offset);
    return;
  }
  const std::string text = std::string("kafka: ") + rd_kafka_message_errstr(&message);
  if (is_passing(message.err)) {
    log::debug("kafka consumer", {{"error", text}});
    return;
  }
  if (text != trouble_) log::warn("kafka consumer", {{"error", text}});
  trouble_ = text;
  trouble_until_ = message.err == RD_KAFKA_RESP_ERR__FATAL ? std::chrono::steady_clock::time_point::max()
                                                           : std::chrono::steady_clock::now() + kTroubleShown;
}

Positions KafkaReader::end_positions() const {
  Positions ends = monitor_.ends();
  const MutexLock lock(mutex_);
  // Until the group has assigned partitions, all of them count as unread.
  if (!ever_owned_) return ends;
  std::erase_if(ends, [&](const auto& end) FRESHET_REQUIRES(mutex_) { return !owned_.contains(end.first); });
  return ends;
}

void KafkaReader::commit(const Positions& positions) {
  // Asynchronous, and errors are ignored: it is for lag tools, and for a next owner whose store has no position.
  rd_kafka_commit(consumer_.get(), to_list(positions).get(), /*async=*/1);
}

/// Keeps polling with all partitions paused, so that the group does not expel the reader (max.poll.interval.ms).
void KafkaReader::idle(std::chrono::milliseconds duration) {
  const auto all_owned = [this] {
    Positions positions;
    for (const int partition : owned()) positions[partition] = RD_KAFKA_OFFSET_INVALID;
    return to_list(positions);
  };
  const auto deadline = std::chrono::steady_clock::now() + duration;
  std::uint64_t paused_at = changes_;
  rd_kafka_pause_partitions(consumer_.get(), all_owned().get());
  do {
    const RdMessage message(rd_kafka_consumer_poll(consumer_.get(), 10));
    if (changes_ != paused_at) {
      paused_at = changes_;
      rd_kafka_pause_partitions(consumer_.get(), all_owned().get());
    }
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      give_back(*message);
    } else if (message) {
      note(*message, monitor_.view().number);
    }
  } while (std::chrono::steady_clock::now() < deadline);
  rd_kafka_resume_partitions(consumer_.get(), all_owned().get());
}

/// A record was already fetched when its partition was paused: seeks back, so that it is fetched again.
void KafkaReader::give_back(const rd_kafka_message_s& message) {
  const Positions back{{message.partition, message.offset}};
  const RdError error(rd_kafka_seek_partitions(consumer_.get(), to_list(back).get(), kSeekMs));
  if (error) log::error("kafka: cannot seek back to a record", {{"error", rd_kafka_error_string(error.get())}});
}

RdPartitions KafkaReader::to_list(const Positions& positions) const {
  RdPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const auto& [partition, offset] : positions) {
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = offset;
  }
  return list;
}

void KafkaReader::add_owned(const std::set<int>& added, const Positions& positions, const Positions& news) {
  for (const int partition : added) gaps_.forget(partition);
  moved_to(positions);
  for (const auto& [partition, offset] : news) collected_.pass(partition, offset);
  ++changes_;
  const MutexLock lock(mutex_);
  owned_.insert(added.begin(), added.end());
  ever_owned_ = true;
}

void KafkaReader::remove_owned(const std::set<int>& removed) {
  collected_.drop(removed);
  revoked_.insert(removed.begin(), removed.end());
  ++changes_;
  const MutexLock lock(mutex_);
  for (const int partition : removed) {
    gaps_.forget(partition);
    owned_.erase(partition);
  }
}

std::set<int> KafkaReader::owned() const {
  const MutexLock lock(mutex_);
  return owned_;
}

void KafkaReader::moved_to(const Positions& positions) { gaps_.expect(positions); }

}  // namespace freshet::ingest
