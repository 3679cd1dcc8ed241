#pragma once

#include <memory>

/// librdkafka's C handles with their deleters. rdkafka.h itself is included by kafka_*.cc only.

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_topic_partition_list_s;

namespace freshet::ingest {

struct RdDeleter {
  void operator()(rd_kafka_s* handle) const;
  void operator()(rd_kafka_conf_s* conf) const;
  void operator()(rd_kafka_topic_partition_list_s* list) const;
};

using RdKafka = std::unique_ptr<rd_kafka_s, RdDeleter>;
using RdConf = std::unique_ptr<rd_kafka_conf_s, RdDeleter>;
using RdPartitions = std::unique_ptr<rd_kafka_topic_partition_list_s, RdDeleter>;

}  // namespace freshet::ingest
