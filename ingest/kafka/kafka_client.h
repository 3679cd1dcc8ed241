// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "ingest/kafka/rd_handles.h"
#include "ingest/options.h"

namespace freshet::ingest {

using RdProperties = std::initializer_list<std::pair<const char*, std::string>>;

/// Timeout of librdkafka's seek.
inline constexpr int kSeekMs = 5000;

/// A client configuration: the common properties and `defaults`, overridden by the operator's properties, overridden by
/// `own`, which the operator cannot change (KafkaOptions::validate refuses them).
/// Errors: throws std::runtime_error if librdkafka refuses a property.
RdConf make_conf(const KafkaOptions& options, RdProperties defaults, RdProperties own);

/// The configuration of a consumer. Readers outside of a group commit offsets under the name `group`, for lag tools.
RdConf consumer_conf(const KafkaOptions& options, const std::string& group);

/// Starts a client.
/// Owns:   takes `conf`.
/// Errors: throws std::runtime_error.
RdKafka make_consumer(RdConf conf);
RdKafka make_producer(RdConf conf);

/// Destroys a client. A client that had partitions which the topic has lost is never destroyed by librdkafka (its issues
/// 4362 and 4486): such a client is left behind after a second, with a warning.
void destroy(RdKafka client);

/// Lets a client be until the process ends, where to destroy it would be worse.
void leave_behind(RdKafka client);

/// The message for a librdkafka error code.
std::string kafka_message(int error);

}  // namespace freshet::ingest
