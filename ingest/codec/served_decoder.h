// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <optional>

#include "base/event.h"
#include "ingest/codec/json_members.h"

namespace freshet::ingest {

/// Reads what kServedMember has: sets owner, `served` and `kind` of the event, and `time`.
bool read_served_list(const simdjson::dom::element& value, Event& event, std::optional<Timestamp>& time, Fault& fault);

}  // namespace freshet::ingest
