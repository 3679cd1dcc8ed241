// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/item_forwarder.h"

#include <chrono>
#include <utility>
#include <vector>

#include "ingest/acknowledged.h"
#include "ingest/codec/item_entries.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::seconds kTimeout{30};

bool is_forwarded(const PositionedEvent& entry) {
  return entry.event.kind == EventKind::item && entry.position.partition != kStatePartition;
}

}  // namespace

Result<void> ItemForwarder::forward(EventBatch& batch) {
  if (!log_.has_state_partition()) return {};
  std::vector<LogEntry> entries;
  for (const PositionedEvent& entry : batch.events) {
    if (is_forwarded(entry)) add_item_entries(log_, *entry.event.change, entries);
  }
  if (entries.empty()) return {};
  const auto end =
      acknowledged_within(kTimeout, [&](EventLog::Appended done) { log_.append(std::move(entries), std::move(done)); });
  if (!end) return Error{end.error().code, "items: " + end.error().message};
  std::erase_if(batch.events, is_forwarded);
  return {};
}

}  // namespace freshet::ingest
