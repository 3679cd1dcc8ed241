// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/legacy_items.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "ingest/acknowledged.h"
#include "ingest/codec/item_entries.h"

namespace freshet::ingest {
namespace {

constexpr std::size_t kPageItems = 1000;
constexpr std::chrono::seconds kTimeout{30};

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
    const auto end = acknowledged_within(
        kTimeout, [&](EventLog::Appended done) { log.append(std::move(entries), std::move(done)); });
    if (!end) return end.error();
    appended += items;
  }
  return appended;
}

}  // namespace freshet::ingest
