#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "ingest/options.h"
#include "ingest/rd_handles.h"

namespace freshet::ingest {

/// A configuration with what every freshet client has in common, the operator's properties, then `own` on top.
/// Errors: throws std::runtime_error if librdkafka refuses a property.
RdConf make_conf(const KafkaOptions& options, std::initializer_list<std::pair<const char*, std::string>> own);

/// Takes the configuration over. Errors: throws std::runtime_error.
RdKafka make_consumer(RdConf conf);
RdKafka make_producer(RdConf conf);

}  // namespace freshet::ingest
