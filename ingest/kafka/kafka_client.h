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

/// What every consumer of ours has. `group` matters to members of one, and to lag tools.
RdConf consumer_conf(const KafkaOptions& options, const std::string& group);

/// Takes the configuration over. Errors: throws std::runtime_error.
RdKafka make_consumer(RdConf conf);
RdKafka make_producer(RdConf conf);

/// A sentence about a librdkafka error code.
std::string kafka_message(int error);

}  // namespace freshet::ingest
