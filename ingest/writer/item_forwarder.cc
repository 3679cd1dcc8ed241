#include "ingest/writer/item_forwarder.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

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
  // Shared, since the answer may come after the timeout.
  const auto outcome = std::make_shared<std::promise<Result<Positions>>>();
  auto future = outcome->get_future();
  log_.append(std::move(entries), [outcome](Result<Positions> end) { outcome->set_value(std::move(end)); });
  if (future.wait_for(kTimeout) != std::future_status::ready) {
    return Error{Errc::timed_out, "items: the log has not acknowledged in time"};
  }
  if (const auto end = future.get(); !end) return end.error();
  std::erase_if(batch.events, is_forwarded);
  return {};
}

}  // namespace freshet::ingest
