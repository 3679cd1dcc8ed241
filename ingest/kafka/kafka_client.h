#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

using RdProperties = std::initializer_list<std::pair<const char*, std::string>>;

/// A configuration: what every freshet client has in common and `defaults`, on top of that the operator's properties,
/// and on top of all `own`, which nobody may change (KafkaOptions::validate refuses to try).
/// Errors:   throws std::runtime_error if librdkafka refuses a property.
RdConf make_conf(const KafkaOptions& options, RdProperties defaults, RdProperties own);

/// The configuration of a consumer. Readers outside of a group commit offsets under the name `group`, for lag tools.
RdConf consumer_conf(const KafkaOptions& options, const std::string& group);

/// Starts a client.
/// Owns:   takes `conf`.
/// Errors: throws std::runtime_error.
RdKafka make_consumer(RdConf conf);
RdKafka make_producer(RdConf conf);

/// The message for a librdkafka error code.
std::string kafka_message(int error);

}  // namespace freshet::ingest
