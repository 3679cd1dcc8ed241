// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "online/containers/chunked_array.h"
#include "online/containers/sorted_blocks.h"
#include "online/part/item_order.h"
#include "online/part/part_kind.h"

namespace freshet::online {

/// [online.popularity]: what each option means and takes is in describe().
struct PopularityOptions {
  std::vector<double> half_life_hours{0.5, 6, 48};

  static std::vector<Option<PopularityOptions>> describe();
};

extern const PartKind kPopularity;

/// "popularity": exponentially decayed counts at several half-lives. Always has candidates, so it is the fallback.
/// A decayed count is kept as the base-2 logarithm of sum(weight x 2^(time / half-life)). All items decay alike, so
/// their order changes only when one of them is clicked, counts need no rescaling, and reads need no exponential. The
/// part's own score is the count at the middle half-life (the second of three).
/// Threads: as Scorer and Part; cells are relaxed atomics, the order of the items is read under a lock.
class PopularityIndex final : public Scorer, public ItemOrder {
 public:
  PopularityIndex(const PopularityOptions& options, std::size_t max_items);

  std::string_view name() const override { return kPopularity.name; }
  std::span<const std::string_view> features() const override { return features_; }
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;
  void next(Place& place, std::size_t count, std::vector<Place>& out) const override;

  // The learner's methods: see Part.
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(OwnerKey) {}  // counts carry no keys
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kMaxHalfLives = 4;
  struct alignas(64) Cell {                         // one cache line per candidate
    std::atomic<double> log_counts[kMaxHalfLives];  // as of time zero; valid if count > 0
    std::atomic<double> count{0};                   // never decays; 0: not in use
    std::atomic<std::int64_t> first_seen_ms{0};
    std::atomic<float> opens{0};     // share of count from events that opened a session; stops at kHabitual
    std::atomic<float> revisits{0};  // ... from events that went back to an item of the session
  };
  struct Ahead {
    bool operator()(const Place& a, const Place& b) const {
      return a.score != b.score ? a.score > b.score : a.item < b.item;
    }
  };

  class Counts;  // its Query

  static void note_habits(Cell& cell, const Context& before, const Interaction& event);

  // const after construction
  const std::vector<double> half_lives_ms_;
  const std::size_t own_;  // index of the half-life that ranks
  std::vector<std::string> names_;
  std::vector<std::string_view> features_;
  const std::size_t max_items_;

  ChunkedArray<Cell> cells_;

  mutable std::mutex order_mutex_;
  SortedBlocks<Place, Ahead>
      order_;  // items with count > 0, by own log count; guarded by order_mutex_ (the learner, the
               // only writer, reads without it)
};

std::unique_ptr<Part> make_popularity(const PopularityOptions& options, std::size_t max_items);

}  // namespace freshet::online
