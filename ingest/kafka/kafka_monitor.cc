// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_monitor.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "ingest/kafka/kafka_client.h"

namespace freshet::ingest {
namespace {

constexpr int kTimeoutMs = 2000;
constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kProblemInterval{200};  // while there is a problem

/// A request that is never answered, because the broker died in that moment, ends by socket.timeout.ms (default 60 s).
RdKafka make_client(const KafkaOptions& options, std::string& last_error) {
  const RdProperties own{{"socket.timeout.ms", std::to_string(kTimeoutMs)},
                         {"fetch.wait.max.ms", "500"}};  // fetches nothing; must be a second less than the other
  RdConf conf = make_conf(options, {}, own);
  rd_kafka_conf_set_opaque(conf.get(), &last_error);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* reason, void* opaque) {
    // problem() says that no broker is reachable; the operator needs the reason beside it.
    if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) *static_cast<std::string*>(opaque) = reason;
  });
  return make_consumer(std::move(conf));
}

}  // namespace

KafkaMonitor::KafkaMonitor(const KafkaOptions& options, Missing missing)
    : options_(options),
      missing_(missing),
      client_(make_client(options, last_error_)),
      thread_([this](std::stop_token stop) {
        pthread_setname_np(pthread_self(), "freshet-kafka");
        run(std::move(stop));
      }) {}

KafkaMonitor::~KafkaMonitor() = default;

std::string KafkaMonitor::problem() const {
  const MutexLock lock(mutex_);
  return problem_;
}

std::string KafkaMonitor::dead_letter_problem() const {
  const MutexLock lock(mutex_);
  return dead_letter_problem_;
}

KafkaMonitor::View KafkaMonitor::view() const {
  const MutexLock lock(mutex_);
  return view_;
}

Positions KafkaMonitor::ends() const {
  const MutexLock lock(mutex_);
  return view_.ends;
}

void KafkaMonitor::run(std::stop_token stop) {
  bool usable = false, said = false;
  while (!stop.stop_requested()) {
    View view;
    std::string problem = look(view, stop);
    if (problem.empty() && !stop.stop_requested()) look_for_dead_letters();
    if (stop.stop_requested()) return;
    if (problem.empty() != usable || !said) {
      // Logged once for each change, although the reason may differ from look to look.
      problem.empty() ? log::info("kafka is reachable", {{"topic", options_.topic}, {"partitions", view.ends.size()}})
                      : log::warn("kafka is not usable; trying again", {{"reason", problem}});
    }
    usable = problem.empty();
    said = true;
    MutexLock lock(mutex_);
    if (usable) {
      view.number = view_.number + 1;
      view_ = std::move(view);
    }
    problem_ = std::move(problem);
    wake_.wait_for(lock.native(), stop, usable ? kInterval : kProblemInterval, [] { return false; });
  }
}

std::string KafkaMonitor::unreachable(int error) const {
  const std::string reason =
      last_error_.empty() ? rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error)) : last_error_;
  return "kafka: no broker of " + options_.brokers + " reachable (" + reason + ")";
}

/// Asks for the metadata of `topic`. Returns the problem, or empty text.
std::string KafkaMonitor::find(const std::string& name, RdMetadata& found) {
  const std::string label = "topic \"" + name + "\"";
  const RdTopic topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  if (!topic) return "kafka: " + label + ": not a valid name";
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(client_.get(), 0, topic.get(), &answer, kTimeoutMs);
  rd_kafka_poll(client_.get(), 0);  // calls the error callback, which sets last_error_
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return unreachable(error);
  found.reset(answer);
  last_error_.clear();
  const auto of_topic = found->topics[0].err;
  if (of_topic != RD_KAFKA_RESP_ERR_NO_ERROR) return "kafka: " + label + ": " + rd_kafka_err2str(of_topic);
  return found->topics[0].partition_cnt == 0 ? "kafka: " + label + " has no partitions" : "";
}

/// Creates the topic with one partition that is compacted. False if that has failed, which the broker may have forbidden.
bool KafkaMonitor::create_topic() {
  constexpr int kBrokersDefault = -1;  // replication
  const RdNewTopic topic(rd_kafka_NewTopic_new(options_.topic.c_str(), 1, kBrokersDefault, nullptr, 0));
  rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "compact");
  rd_kafka_NewTopic_t* const topics[] = {topic.get()};
  const RdQueue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateTopics(client_.get(), const_cast<rd_kafka_NewTopic_t**>(topics), 1, nullptr, queue.get());
  const RdEvent event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  const auto* const answer = event ? rd_kafka_event_CreateTopics_result(event.get()) : nullptr;
  if (answer == nullptr) return false;
  std::size_t count = 0;
  const auto* const results = rd_kafka_CreateTopics_result_topics(answer, &count);
  if (count != 1) return false;
  const auto error = rd_kafka_topic_result_error(results[0]);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) log::info("kafka: topic created", {{"topic", options_.topic}});
  return error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
}

/// Asks for the beginnings or ends of the topic's partitions. Returns the problem, or empty text.
/// rd_kafka_query_watermark_offsets() does not return while a broker is away, whatever its time-out (librdkafka 2588,
/// until 2.3).
std::string KafkaMonitor::find_offsets(const std::vector<std::int32_t>& partitions, std::int64_t which,
                                       Positions& found) {
  const RdPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = which;
  }
  const auto error = rd_kafka_offsets_for_times(client_.get(), list.get(), kTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return "kafka: the offsets of \"" + options_.topic + "\" are not available (" + rd_kafka_err2str(error) + ")";
  }
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return "kafka: partition " + std::to_string(entry.partition) + " of \"" + options_.topic +
             "\" is not available (" + rd_kafka_err2str(entry.err) + ")";
    }
    found[entry.partition] = entry.offset;
  }
  return "";
}

/// Fills `view` with the beginnings and ends of the topic's partitions. Returns the problem, or empty text.
std::string KafkaMonitor::look(View& view, const std::stop_token& stop) {
  rd_kafka_poll(client_.get(), 0);
  RdMetadata metadata;
  if (auto problem = find(options_.topic, metadata); !problem.empty()) {
    const bool missing = metadata && metadata->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (missing && missing_ == Missing::create_compacted && !create_topic()) return problem;
    if (!missing || missing_ != Missing::create_compacted) return problem;
    metadata.reset();
    if (problem = find(options_.topic, metadata); !problem.empty()) return problem;
  }
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  topic_exists_ = true;
  std::vector<std::int32_t> partitions;
  for (int i = 0; i < found.partition_cnt; ++i) partitions.push_back(found.partitions[i].id);
  if (auto problem = find_offsets(partitions, RD_KAFKA_OFFSET_BEGINNING, view.begins); !problem.empty()) return problem;
  if (stop.stop_requested()) return "";
  if (auto problem = find_offsets(partitions, RD_KAFKA_OFFSET_END, view.ends); !problem.empty()) return problem;
  return "";
}

void KafkaMonitor::look_for_dead_letters() {
  if (options_.dead_letter_topic.empty()) return;
  RdMetadata metadata;
  std::string problem = find(options_.dead_letter_topic, metadata);
  const MutexLock lock(mutex_);
  if (problem != dead_letter_problem_) {
    problem.empty() ? log::info("the dead-letter topic is usable", {{"topic", options_.dead_letter_topic}})
                    : log::warn("the dead-letter topic is not usable; dead letters are kept in the data directory",
                                {{"reason", problem}});
  }
  dead_letter_problem_ = std::move(problem);
}

}  // namespace freshet::ingest
