// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "ingest/options.h"

namespace freshet::testing {

/// librdkafka's mock cluster, inside the process, with consumer groups and committed offsets. It keeps about 5 MB per
/// partition, then deletes the oldest records.
class MockKafka {
 public:
  explicit MockKafka(int brokers = 1) : brokers_(brokers) {
    char reason[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason));
    if (!handle_) throw std::runtime_error(reason);
    cluster_.reset(rd_kafka_mock_cluster_new(handle_.get(), brokers));
  }

  std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }
  rd_kafka_mock_cluster_t* cluster() { return cluster_.get(); }

  void create_topic(const std::string& topic, int partitions) {
    const auto error = rd_kafka_mock_topic_create(cluster_.get(), topic.c_str(), partitions, 1);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
  }

  /// The mock creates unknown topics automatically. This makes one missing.
  void set_missing(const std::string& topic, bool missing) {
    rd_kafka_mock_topic_set_error(cluster_.get(), topic.c_str(),
                                  missing ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  void set_down() {
    for (int broker = 1; broker <= brokers_; ++broker) rd_kafka_mock_broker_set_down(cluster_.get(), broker);
  }
  void set_up() {
    for (int broker = 1; broker <= brokers_; ++broker) rd_kafka_mock_broker_set_up(cluster_.get(), broker);
  }

  /// Options of a log on this cluster.
  ingest::KafkaOptions options(const std::string& topic) const {
    ingest::KafkaOptions options;
    options.brokers = bootstrap();
    options.topic = topic;
    options.group = topic + "-group";
    options.dead_letter_topic = topic + "-dead";
    options.state_topic.clear();
    return options;
  }

 private:
  struct Deleter {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
  };

  const int brokers_;
  std::unique_ptr<rd_kafka_t, Deleter> handle_;
  std::unique_ptr<rd_kafka_mock_cluster_t, Deleter> cluster_;
};

}  // namespace freshet::testing
