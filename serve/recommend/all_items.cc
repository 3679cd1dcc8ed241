#include "serve/recommend/all_items.h"

#include <vector>

namespace freshet::serve {
namespace {

constexpr std::size_t kChunk = 1024;  // items per look into the order or the catalogue

}  // namespace

void visit_known_items(const Services& services, const UnavailableItems& unavailable, const online::ItemOrder* order,
                       const VisitItem& visit) {
  const auto ends = [&](online::ItemIndex item, UnavailableItems::Epoch epoch) {
    if (unavailable.remembers(item, epoch)) return false;
    FilterCandidate candidate(item, epoch, services.vocabulary);
    return !visit(candidate);
  };
  thread_local std::vector<online::ItemIndex> chunk;
  online::ItemOrder::Place place;
  while (order != nullptr) {
    chunk.clear();
    order->next(place, kChunk, chunk);
    if (chunk.empty()) break;
    const UnavailableItems::Epoch epoch = unavailable.epoch();
    for (const online::ItemIndex item : chunk) {
      if (ends(item, epoch)) return;
    }
  }
  const UnavailableItems::Epoch epoch = unavailable.epoch();
  for (std::size_t n = services.vocabulary.size(); n > 0; --n) {
    if (ends(static_cast<online::ItemIndex>(n - 1), epoch)) return;
  }
}

void visit_unknown_items(const Services& services, const VisitItem& visit) {
  std::vector<std::shared_ptr<const Item>> chunk;
  do {
    const std::shared_ptr<const Item> last = chunk.empty() ? nullptr : chunk.back();
    chunk = services.catalogue.newest_available(kChunk, last.get());
    for (const auto& item : chunk) {
      if (services.vocabulary.find(item->item) != online::kNoItem) continue;
      FilterCandidate candidate(item->item);
      if (!visit(candidate)) return;
    }
  } while (!chunk.empty());
}

}  // namespace freshet::serve
