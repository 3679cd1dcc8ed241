// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "base/log.h"

namespace freshet::ingest {
namespace {

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK) {
    throw std::runtime_error("kafka.properties." + name + ": " + reason);
  }
}

void on_log(const rd_kafka_t*, int, const char* facility, const char* text) noexcept {
  // librdkafka logs every lost connection, again and again. The monitor reports it once.
  log::debug("librdkafka", {{"facility", facility}, {"text", text}});
}

RdKafka make(rd_kafka_type_t type, RdConf conf) {
  char reason[512];
  rd_kafka_t* handle = rd_kafka_new(type, conf.get(), reason, sizeof reason);
  if (handle == nullptr) throw std::runtime_error(std::string("cannot start a Kafka client: ") + reason);
  static_cast<void>(conf.release());  // the client owns it now
  return RdKafka(handle);
}

}  // namespace

void RdDeleter::operator()(rd_kafka_s* handle) const { rd_kafka_destroy(handle); }
void RdDeleter::operator()(rd_kafka_conf_s* conf) const { rd_kafka_conf_destroy(conf); }
void RdDeleter::operator()(rd_kafka_message_s* message) const { rd_kafka_message_destroy(message); }
void RdDeleter::operator()(rd_kafka_NewTopic_s* topic) const { rd_kafka_NewTopic_destroy(topic); }
void RdDeleter::operator()(rd_kafka_op_s* event) const { rd_kafka_event_destroy(event); }
void RdDeleter::operator()(rd_kafka_queue_s* queue) const { rd_kafka_queue_destroy(queue); }
void RdDeleter::operator()(rd_kafka_topic_s* topic) const { rd_kafka_topic_destroy(topic); }
void RdDeleter::operator()(const struct rd_kafka_metadata* metadata) const { rd_kafka_metadata_destroy(metadata); }
void RdDeleter::operator()(rd_kafka_topic_partition_list_s* list) const { rd_kafka_topic_partition_list_destroy(list); }
void RdDeleter::operator()(rd_kafka_error_s* error) const { rd_kafka_error_destroy(error); }

RdConf make_conf(const KafkaOptions& options, RdProperties defaults, RdProperties own) {
  RdConf conf(rd_kafka_conf_new());
  set(conf.get(), "bootstrap.servers", options.brokers);
  set(conf.get(), "client.id", "freshet");
  // With the default of up to 10 s, recovery after a broker's return is slow.
  set(conf.get(), "reconnect.backoff.ms", "50");
  set(conf.get(), "reconnect.backoff.max.ms", "500");
  set(conf.get(), "log.connection.close", "false");
  for (const auto& [name, value] : defaults) set(conf.get(), name, value);
  for (const auto& [name, value] : options.properties) set(conf.get(), name, value);
  for (const auto& [name, value] : own) set(conf.get(), name, value);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  return conf;
}

RdConf consumer_conf(const KafkaOptions& options, const std::string& group) {
  return make_conf(
      options,
      {
          // Bounds the read-ahead of each reader, so that a backlog costs no memory. Bounded by bytes: with
          // a bound of 20,000 records fetching paused so often that 112 k events/s became 36 k.
          {"queued.max.messages.kbytes", "32768"},
          // The broker answers as soon as it has a record. Until then this delays the first fetch of newly
          // assigned partitions.
          {"fetch.wait.max.ms", "100"},
          {"fetch.error.backoff.ms", "100"},
          // After a crash the group waits this long before other members get the partitions.
          {"session.timeout.ms", "10000"},
          {"heartbeat.interval.ms", "1000"},
          // Delay until partitions that were added to the topic are seen; the default is 5 minutes.
          {"topic.metadata.refresh.interval.ms", "10000"},
      },
      {
          {"group.id", group},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"isolation.level", "read_committed"},
          {"auto.offset.reset", "earliest"},
          {"enable.partition.eof", "true"},
          {"partition.assignment.strategy", "cooperative-sticky"},
      });
}

RdKafka make_consumer(RdConf conf) { return make(RD_KAFKA_CONSUMER, std::move(conf)); }
RdKafka make_producer(RdConf conf) { return make(RD_KAFKA_PRODUCER, std::move(conf)); }

void destroy(RdKafka client) {
  constexpr std::chrono::seconds kMostWait{1};
  const std::string name = rd_kafka_name(client.get());
  const auto destroyed = std::make_shared<std::promise<void>>();
  std::thread([handle = client.release(), destroyed] {
    rd_kafka_destroy(handle);
    destroyed->set_value();
  }).detach();
  if (destroyed->get_future().wait_for(kMostWait) == std::future_status::ready) return;
  log::warn("kafka: a client does not end, as when its topic is gone; it is left behind", {{"client", name}});
}

void leave_behind(RdKafka client) { static_cast<void>(client.release()); }

std::string kafka_message(int error) {
  return std::string("kafka: ") + rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error));
}

}  // namespace freshet::ingest
