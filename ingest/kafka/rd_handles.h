// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

/// librdkafka's C handles with their deleters. Only kafka_*.cc files include rdkafka.h.

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_error_s;
struct rd_kafka_message_s;
struct rd_kafka_metadata;
struct rd_kafka_NewTopic_s;
struct rd_kafka_op_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_topic_partition_list_s;

namespace freshet::ingest {

struct RdDeleter {
  void operator()(rd_kafka_s* handle) const;
  void operator()(rd_kafka_conf_s* conf) const;
  void operator()(rd_kafka_error_s* error) const;
  void operator()(rd_kafka_message_s* message) const;
  void operator()(const struct rd_kafka_metadata* metadata) const;
  void operator()(rd_kafka_NewTopic_s* topic) const;
  void operator()(rd_kafka_op_s* event) const;
  void operator()(rd_kafka_queue_s* queue) const;
  void operator()(rd_kafka_topic_s* topic) const;
  void operator()(rd_kafka_topic_partition_list_s* list) const;
};

using RdKafka = std::unique_ptr<rd_kafka_s, RdDeleter>;
using RdConf = std::unique_ptr<rd_kafka_conf_s, RdDeleter>;
using RdError = std::unique_ptr<rd_kafka_error_s, RdDeleter>;
using RdMessage = std::unique_ptr<rd_kafka_message_s, RdDeleter>;
using RdMetadata = std::unique_ptr<const struct rd_kafka_metadata, RdDeleter>;
using RdNewTopic = std::unique_ptr<rd_kafka_NewTopic_s, RdDeleter>;
using RdEvent = std::unique_ptr<rd_kafka_op_s, RdDeleter>;
using RdQueue = std::unique_ptr<rd_kafka_queue_s, RdDeleter>;
using RdTopic = std::unique_ptr<rd_kafka_topic_s, RdDeleter>;
using RdPartitions = std::unique_ptr<rd_kafka_topic_partition_list_s, RdDeleter>;

}  // namespace freshet::ingest
