// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_reader.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "base/log.h"
#include "ingest/kafka/kafka_client.h"

namespace freshet::ingest {
namespace {

constexpr int kCommittedMs = 3000;  // timeout for asking the group's committed offsets

std::set<int> partitions_of(const rd_kafka_topic_partition_list_t& list) {
  std::set<int> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.insert(list.elems[i].partition);
  return partitions;
}

void report(rd_kafka_error_t* error, const char* what) {
  const RdError owner(error);
  if (owner) log::error(what, {{"error", rd_kafka_error_string(error)}});
}

/// Its name in the group. Empty until the broker has answered the first request to join, and after its expulsion.
std::string member_id(rd_kafka_t* consumer) {
  char* id = rd_kafka_memberid(consumer);
  std::string known = id == nullptr ? "" : id;
  rd_kafka_mem_free(consumer, id);
  return known;
}

}  // namespace

KafkaGroupReader::KafkaGroupReader(const KafkaOptions& options, const KafkaMonitor& monitor, PositionsOf positions_of,
                                   Metrics& metrics)
    : KafkaReader(options, monitor, "history", metrics),
      positions_of_(std::move(positions_of)),
      rebalances_(
          metrics.counter("freshet_ingest_rebalances_total",
                          "Kafka: times that the consumer group gave partitions to this instance or took them.")) {
  RdConf conf = consumer_conf(options, options.group);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(
      conf.get(), [](rd_kafka_t* consumer, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                     void* self) { on_rebalance(consumer, error, partitions, self); });
  consumer_ = make_consumer(std::move(conf));
  rd_kafka_poll_set_consumer(consumer_.get());
}

KafkaGroupReader::~KafkaGroupReader() {
  // librdkafka before 2.2 aborts the process when a client is destroyed between joining and its first assignment (its
  // issue 4312). Such a client is closed, which leaves the group, but never destroyed.
  const bool between = joining_ && member_.empty() && !member_id(consumer_.get()).empty();
  rd_kafka_consumer_close(consumer_.get());
  if (between) leave_behind(std::move(consumer_));
}

/// If a member joins before the topic exists, librdkafka assigns the topic's partitions only after the next metadata
/// refresh (minutes) and another rebalance.
void KafkaGroupReader::join_once_the_topic_exists() {
  if (joining_ || !monitor_.topic_exists()) return;
  const RdPartitions topic = to_list({{RD_KAFKA_PARTITION_UA, RD_KAFKA_OFFSET_INVALID}});
  const auto error = rd_kafka_subscribe(consumer_.get(), topic.get());
  joining_ = error == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!joining_) log::error("kafka: cannot join the group; trying again", {{"error", kafka_message(error)}});
}

Result<LogBatch> KafkaGroupReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  join_once_the_topic_exists();
  auto batch = KafkaReader::poll(max_records, timeout);
  notice_expulsion();
  return batch;
}

void KafkaGroupReader::idle(std::chrono::milliseconds duration) {
  join_once_the_topic_exists();
  KafkaReader::idle(duration);
  notice_expulsion();
}

/// A member without partitions has none that could be revoked, but loses its name.
void KafkaGroupReader::notice_expulsion() {
  if (assigned_ && owned().empty() && member_id(consumer_.get()) != member_) assigned_ = false;
}

std::string KafkaGroupReader::problem() const {
  return assigned_ ? "" : "kafka: waiting for group \"" + options_.group + "\" to assign partitions";
}

void KafkaGroupReader::on_rebalance(rd_kafka_t*, int error, rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto* reader = static_cast<KafkaGroupReader*>(self);
  reader->rebalances_.Increment();
  error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? reader->assign(partitions) : reader->revoke(partitions);
}

/// The store decides. A store without any position is new, perhaps because the one before it was lost: it is filled from
/// the beginning. Any other continues a partition that it has not read where the group has committed, since another
/// instance has read it until now.
void KafkaGroupReader::assign(rd_kafka_topic_partition_list_t* partitions) {
  const std::set<int> added = partitions_of(*partitions);
  Positions known = positions_of_();
  const bool is_new = known.empty();
  std::erase_if(known, [&](const auto& own) { return !added.contains(own.first); });
  std::set<int> unknown = added;
  for (const auto& [partition, offset] : known) unknown.erase(partition);
  const Positions news = is_new ? Positions{} : committed(unknown);
  known.insert(news.begin(), news.end());
  for (int i = 0; i < partitions->cnt; ++i) {
    const auto own = known.find(partitions->elems[i].partition);
    const auto start = is_new ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_STORED;
    partitions->elems[i].offset = own == known.end() ? start : own->second;
  }
  report(rd_kafka_incremental_assign(consumer_.get(), partitions), "kafka: cannot assign partitions");
  add_owned(added, known, news);
  member_ = member_id(consumer_.get());
  assigned_ = true;
  log::info("partitions assigned", {{"added", added.size()}, {"owned", owned().size()}});
  tell_where_histories_begin(unknown, is_new, news);
}

/// Reading does not begin where this store stopped: either takes the operator by surprise.
void KafkaGroupReader::tell_where_histories_begin(const std::set<int>& unknown, bool is_new, const Positions& news) {
  const std::int64_t skipped = distance(monitor_.view().begins, news);
  if (is_new && !unknown.empty()) {
    log::info("the data directory has no histories yet; reading the topic from its beginning");
  } else if (skipped > 0) {
    log::warn(
        "partitions are taken over where the group has committed; their earlier events are not in this instance's "
        "histories. To have them, start with an empty data directory",
        {{"partitions", news.size()}, {"earlier_events", skipped}});
  }
}

/// The group's committed offsets, without partitions that have none. Empty if the broker does not answer.
Positions KafkaGroupReader::committed(const std::set<int>& partitions) const {
  Positions asked, found;
  for (const int partition : partitions) asked[partition] = RD_KAFKA_OFFSET_INVALID;
  if (asked.empty()) return found;
  const RdPartitions list = to_list(asked);
  if (rd_kafka_committed(consumer_.get(), list.get(), kCommittedMs) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].offset >= 0) found[list->elems[i].partition] = list->elems[i].offset;
  }
  return found;
}

void KafkaGroupReader::revoke(rd_kafka_topic_partition_list_t* partitions) {
  const std::set<int> removed = partitions_of(*partitions);
  if (rd_kafka_assignment_lost(consumer_.get()) != 0) assigned_ = false;  // expelled; otherwise an assignment follows
  report(rd_kafka_incremental_unassign(consumer_.get(), partitions), "kafka: cannot release partitions");
  remove_owned(removed);
  log::info("partitions revoked", {{"removed", removed.size()}, {"owned", owned().size()}});
}

void KafkaGroupReader::seek(const Positions& positions) {
  Positions targets, known;
  for (const int partition : owned()) {
    const auto own = positions.find(partition);
    targets[partition] = own == positions.end() ? RD_KAFKA_OFFSET_BEGINNING : own->second;
    if (own != positions.end()) known.insert(*own);
  }
  if (targets.empty()) return;
  report(rd_kafka_seek_partitions(consumer_.get(), to_list(targets).get(), kSeekMs), "kafka: cannot seek");
  moved_to(known);
}

}  // namespace freshet::ingest
