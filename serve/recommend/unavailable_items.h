#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "online/model/vocabulary.h"
#include "store/catalogue.h"

namespace freshet::serve {

/// Which of the model's items were found to be unavailable, by number, so that lists pass over them without a look-up by
/// name. What is remembered is right: all of it is dropped when an item becomes available again (Catalogue::releases())
/// or a number goes to another item (Vocabulary::recycled()).
/// Threads: all methods may be called concurrently.
/// Cost:    two or three atomic reads; 4 bytes per item of `max_items`.
class UnavailableItems {
 public:
  /// Catalogue and vocabulary outlive it.
  UnavailableItems(const store::Catalogue& catalogue, const online::Vocabulary& vocabulary, std::size_t max_items)
      : catalogue_(catalogue), vocabulary_(vocabulary), found_in_(std::make_unique<std::atomic<Epoch>[]>(max_items)) {}

  /// What is remembered holds for one epoch.
  using Epoch = std::uint32_t;
  Epoch epoch() const { return static_cast<Epoch>(1 + catalogue_.releases() + vocabulary_.recycled()); }

  bool remembers(online::ItemIndex item, Epoch epoch) const {
    return found_in_[item].load(std::memory_order_relaxed) == epoch;
  }

  /// `item` was named, and found to be unavailable, after epoch() returned `epoch`.
  void remember(online::ItemIndex item, Epoch epoch) { found_in_[item].store(epoch, std::memory_order_relaxed); }

 private:
  const store::Catalogue& catalogue_;
  const online::Vocabulary& vocabulary_;
  const std::unique_ptr<std::atomic<Epoch>[]> found_in_;  // the epoch, by item; 0: never
};

}  // namespace freshet::serve
