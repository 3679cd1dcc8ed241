// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/item_entries.h"

#include "ingest/codec/item_encoder.h"

namespace freshet::ingest {

void add_item_entries(const EventLog& log, const ItemChange& change, std::vector<LogEntry>& entries) {
  if (!log.has_state_partition()) {
    entries.push_back({.key = change.item.item, .value = encode_item_change(change)});
  } else if (change.kind == ItemChange::Kind::put) {
    entries.push_back({.key = state_key(change), .value = encode_item_change(change), .partition = kStatePartition});
  } else if (change.kind == ItemChange::Kind::remove) {
    entries.push_back({.key = state_key(change), .value = "", .partition = kStatePartition});
  } else {
    for (const ItemChange& patch : split_patch(change)) {
      entries.push_back({.key = state_key(patch), .value = encode_item_change(patch), .partition = kStatePartition});
    }
  }
}

}  // namespace freshet::ingest
