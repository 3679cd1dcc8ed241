// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/item.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Adds the entries that write `change` to `log`. In a partition of their own the fields of a patch are records of their own,
/// because of each key only the newest record is sure to stay.
void add_item_entries(const EventLog& log, const ItemChange& change, std::vector<LogEntry>& entries);

}  // namespace freshet::ingest
