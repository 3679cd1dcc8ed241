#include "ingest/kafka_monitor.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "ingest/kafka_client.h"

namespace freshet::ingest {
namespace {

constexpr int kTimeoutMs = 2000;
constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kImpatientInterval{200};  // while something is wrong

}  // namespace

KafkaMonitor::KafkaMonitor(const KafkaOptions& options)
    : options_(options), client_(make_consumer(make_conf(options, {}))), thread_([this](std::stop_token stop) {
        pthread_setname_np(pthread_self(), "freshet-kafka");
        run(std::move(stop));
      }) {}

KafkaMonitor::~KafkaMonitor() = default;

std::string KafkaMonitor::problem() const {
  std::lock_guard lock(mutex_);
  return problem_;
}

Positions KafkaMonitor::ends() const {
  std::lock_guard lock(mutex_);
  return ends_;
}

Positions KafkaMonitor::begins() const {
  std::lock_guard lock(mutex_);
  return begins_;
}

void KafkaMonitor::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Positions begins, ends;
    std::string problem = look(begins, ends);
    std::unique_lock lock(mutex_);
    if (problem != problem_) {
      problem.empty() ? log::info("kafka is reachable", {{"topic", options_.topic}, {"partitions", ends.size()}})
                      : log::warn("kafka is not usable", {{"reason", problem}});
    }
    if (problem.empty()) {
      begins_ = std::move(begins);
      ends_ = std::move(ends);
    }
    problem_ = std::move(problem);
    wake_.wait_for(lock, stop, problem_.empty() ? kInterval : kImpatientInterval, [] { return false; });
  }
}

/// Fills where the topic's partitions begin and end; returns what is wrong.
std::string KafkaMonitor::look(Positions& begins, Positions& ends) {
  rd_kafka_poll(client_.get(), 0);
  const auto unreachable = [&](rd_kafka_resp_err_t error) {
    return "kafka: no broker of " + options_.brokers + " answers (" + rd_kafka_err2str(error) + ")";
  };
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client_.get(), options_.topic.c_str(), nullptr);
  if (topic == nullptr) return "kafka: \"" + options_.topic + "\" cannot be a topic";
  const rd_kafka_metadata_t* metadata = nullptr;
  auto error = rd_kafka_metadata(client_.get(), 0, topic, &metadata, kTimeoutMs);
  rd_kafka_topic_destroy(topic);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return unreachable(error);

  std::string problem;
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR || found.partition_cnt == 0) {
    problem = "kafka: topic \"" + options_.topic + "\": " +
              (found.err == RD_KAFKA_RESP_ERR_NO_ERROR ? "has no partitions" : rd_kafka_err2str(found.err));
  }
  for (int i = 0; problem.empty() && i < found.partition_cnt; ++i) {
    std::int64_t low = 0, high = 0;
    error = rd_kafka_query_watermark_offsets(client_.get(), options_.topic.c_str(), found.partitions[i].id, &low, &high,
                                             kTimeoutMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      problem = unreachable(error);
    } else {
      begins[found.partitions[i].id] = low;
      ends[found.partitions[i].id] = high;
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return problem;
}

}  // namespace freshet::ingest
