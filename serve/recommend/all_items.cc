#include "serve/recommend/all_items.h"

#include <optional>
#include <utility>
#include <vector>

namespace freshet::serve {
namespace {

constexpr std::size_t kChunk = 1024;  // items per look into the order or the catalogue

}  // namespace

void visit_known_items(const Services& services, const CatalogueRows& rows, const online::ItemOrder* order,
                       const VisitItem& visit) {
  const auto ends = [&](online::ItemIndex item, CatalogueRows::Epoch epoch) {
    if (rows.excludes(item, epoch)) return false;
    FilterCandidate candidate(item, epoch, services.vocabulary);
    return !visit(candidate);
  };
  thread_local std::vector<online::ItemIndex> chunk;
  online::ItemOrder::Place place;
  while (order != nullptr) {
    chunk.clear();
    order->next(place, kChunk, chunk);
    if (chunk.empty()) break;
    const CatalogueRows::Epoch epoch = rows.epoch();
    for (const online::ItemIndex item : chunk) {
      if (ends(item, epoch)) return;
    }
  }
  const CatalogueRows::Epoch epoch = rows.epoch();
  for (std::size_t n = services.vocabulary.end(); n > 0; --n) {
    if (ends(static_cast<online::ItemIndex>(n - 1), epoch)) return;
  }
}

void visit_unknown_items(const Services& services, const VisitItem& visit) {
  std::optional<store::NewestItems::Entry> last;
  while (true) {
    auto chunk = services.catalogue.newest_available(kChunk, last ? &*last : nullptr);
    if (chunk.empty()) return;
    last = chunk.back().place;
    for (auto& item : chunk) {
      if (services.vocabulary.find(item.name) != online::kNoItem) continue;
      FilterCandidate candidate(std::move(item.name), item.place.row);
      if (!visit(candidate)) return;
    }
  }
}

}  // namespace freshet::serve
