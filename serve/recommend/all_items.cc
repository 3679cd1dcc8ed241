// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/all_items.h"

#include <optional>
#include <utility>
#include <vector>

namespace freshet::serve {
namespace {

constexpr std::size_t kChunk = 1024;  // items per look into the order or the catalogue

}  // namespace

void visit_known_items(const Services& services, const CatalogueRows& rows, const online::AllowedItems& allowed,
                       const online::ItemOrder* order, const VisitItem& visit) {
  const auto ends = [&](online::ItemIndex item, CatalogueRows::Epoch epoch) {
    if (!allowed.allows(item)) return false;
    FilterCandidate candidate(item, epoch, services.vocabulary);
    return !visit(candidate);
  };
  thread_local std::vector<online::ItemOrder::Place> chunk;
  online::ItemOrder::Place place;
  while (order != nullptr) {
    chunk.clear();
    order->next(place, kChunk, chunk);
    if (chunk.empty()) break;
    const CatalogueRows::Epoch epoch = rows.epoch();
    for (const auto& [score, item] : chunk) {
      if (ends(item, epoch)) return;
    }
  }
  const CatalogueRows::Epoch epoch = rows.epoch();
  for (std::size_t n = services.vocabulary.end(); n > 0; --n) {
    if (ends(static_cast<online::ItemIndex>(n - 1), epoch)) return;
  }
}

void visit_unknown_items(const Services& services, const ItemSelection* selection, const VisitItem& visit) {
  const auto goes_on = [&](std::string_view name, store::CatalogueRow row) {
    if (services.vocabulary.find(name) != online::kNoItem) return true;
    FilterCandidate candidate{std::string(name), row};
    return visit(candidate);
  };
  if (selection != nullptr) {
    return selection->enumerate([&](std::string_view name) { return goes_on(name, services.catalogue.row_of(name)); });
  }
  std::optional<store::NewestItems::Entry> last;
  while (true) {
    const auto chunk = services.catalogue.newest_available(kChunk, last ? &*last : nullptr);
    if (chunk.empty()) return;
    last = chunk.back().place;
    for (const auto& item : chunk) {
      if (!goes_on(item.name, item.place.row)) return;
    }
  }
}

}  // namespace freshet::serve
