#include "ingest/intake/legacy_items.h"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/codec/item_entries.h"

namespace freshet::ingest {
namespace {

constexpr std::size_t kPageItems = 1000;

/// Returns when all entries are durable.
Result<void> append(EventLog& log, std::vector<LogEntry> entries) {
  const auto outcome = std::make_shared<std::promise<Result<Positions>>>();
  auto future = outcome->get_future();
  log.append(std::move(entries), [outcome](Result<Positions> end) { outcome->set_value(std::move(end)); });
  if (const auto end = future.get(); !end) return end.error();
  return {};
}

}  // namespace

Result<std::size_t> append_legacy_items(const store::Catalogue& catalogue, EventLog& log, const std::stop_token& stop) {
  std::size_t appended = 0;
  std::string after;
  while (!stop.stop_requested()) {
    auto page = catalogue.legacy_items(after, kPageItems);
    if (!page) return page.error();
    if (page->empty()) break;
    std::vector<LogEntry> entries;
    for (Item& item : *page) {
      after = item.item;
      add_item_entries(log, {.kind = ItemChange::Kind::put, .item = std::move(item)}, entries);
    }
    const std::size_t items = entries.size();
    if (auto done = append(log, std::move(entries)); !done) return done.error();
    appended += items;
  }
  return appended;
}

}  // namespace freshet::ingest
