// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "online/containers/chunked_array.h"
#include "online/containers/item_counts.h"
#include "online/containers/striped_mutex.h"
#include "online/part/part_kind.h"

namespace freshet::online {

/// [online.covisitation]: what each option means and takes is in describe().
struct CovisitationOptions {
  std::vector<double> half_life_hours{6, 72};  ///< beside these a count that never decays
  std::size_t max_neighbors = 200;
  std::size_t window = 3;

  static std::vector<Option<CovisitationOptions>> describe();
};

extern const PartKind kCovisitation;

/// "covisitation": items that followed each other in sessions. An event is linked to the last `window` items before it.
/// Row i counts the followers of item i: weight / distance, at several levels: one per half-life, without decay, direct
/// steps only (distance 1), and predecessors instead of followers. A row holds at most max_neighbors followers; a new
/// one replaces the one with the smallest count at the longest half-life. All counts of a row are as of one time: an
/// update decays the whole row, at most once a minute, with few multiplications, and shares need no clock. A level
/// whose counts sum to 2^23 is halved, which keeps its shares. The part's own score adds up the shares in the rows of
/// the last kQueryItems items, divided by their distance; shares as a predecessor count a quarter.
/// Threads: as Scorer and Part; a row is read under its stripe's lock.
/// Cost:    ask() reads the rows; propose() and write_features() use its result.
class CovisitationIndex final : public Scorer {
 public:
  static constexpr std::size_t kQueryItems = 5;

  CovisitationIndex(const CovisitationOptions& options, std::size_t max_items);

  std::string_view name() const override { return kCovisitation.name; }
  std::span<const std::string_view> features() const override { return features_; }
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  // The learner's methods: see Part.
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(OwnerKey) {}  // counts carry no keys
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kMaxLevels = 6;  // with the most half-lives that may be configured

  /// Followers of one item; levels are the half-lives, then "never", "direct", "reverse".
  struct Row {
    std::int64_t time_ms = 0;           // the counts are decayed to this time; up to a minute behind
    std::vector<float> totals;          // [levels], evicted followers included
    std::vector<ItemIndex> items;       // in order of arrival, but the last one takes the place of a removed one
    std::vector<std::int64_t> last_ms;  // time of the newest link to items[i]
    std::vector<float> counts;          // [levels][capacity], so that loops over all followers are vector code
    std::size_t capacity = 0;           // allocated length of each level in `counts`
  };
  class Followers;  // its Query: covisitation_query.h

  enum class Link { direct, indirect, reverse };
  void link(ItemIndex from, ItemIndex to, std::int64_t time_ms, float weight, Link kind);
  void decay_to(Row& row, std::int64_t time_ms) const;
  void reserve(Row& row, std::size_t capacity) const;
  void remove(Row& row, std::size_t at) const;

  // const after construction
  const std::vector<double> half_lives_ms_;
  const std::size_t levels_;
  const std::size_t max_neighbors_;
  const std::size_t window_;
  const std::size_t max_items_;
  const std::vector<std::string> names_;
  const std::vector<std::string_view> features_;  // views of names_

  StripedMutex locks_;
  ChunkedArray<Row> rows_;  // row i guarded by locks_.of(i); the learner, the only writer, reads without

  // learner thread only
  ItemCounts holders_;  // rows in which the item is a follower
};

std::unique_ptr<Part> make_covisitation(const CovisitationOptions& options, std::size_t max_items);

}  // namespace freshet::online
