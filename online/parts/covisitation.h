#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "online/containers/chunked_array.h"
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

/// "covisitation": what came after an item in the same session. Row i counts, per follower, weight / distance at
/// several half-lives, without decay, of direct steps only (distance 1), and of what came before instead of after. An
/// event is linked to the last `window` items before it; a row holds at most max_neighbors followers, and the one with
/// the smallest count at the longest half-life makes room. All counts of a row are as of one time, so that a touch
/// decays the whole row, once a minute, with a few multiplications and shares need no clock. A level whose counts come
/// to 2^23 is halved, which leaves its shares as they are. Its own ranking: the followers of the last kQueryItems
/// items, by their shares, less with distance; a predecessor counts a quarter.
/// Threads: as Scorer and Part; a row is read under its stripe's lock.
/// Cost:    ask() reads the rows; propose() and write_features() use what it found.
class CovisitationIndex final : public Scorer {
 public:
  static constexpr std::size_t kQueryItems = 5;

  CovisitationIndex(const CovisitationOptions& options, std::size_t max_items);

  std::string_view name() const override { return "covisitation"; }
  std::span<const std::string_view> features() const override { return features_; }
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  // learner thread only: see Part
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(std::uint64_t) {}  // counts carry no keys
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  /// Followers of one item; levels are the half-lives, then "never", "direct", "reverse".
  struct Row {
    std::int64_t time_ms = 0;           // what the counts are decayed to; up to a minute behind
    std::vector<float> totals;          // [levels], of followers that were evicted too
    std::vector<ItemIndex> items;       // in order of arrival; the hole of a removed one is taken by the last
    std::vector<std::int64_t> last_ms;  // newest link to items[i]
    std::vector<float> counts;          // [levels][capacity], so that what is done to all followers is vector code
    std::size_t capacity = 0;           // followers that there is room for
  };
  class Followers;  // its Query

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
  std::vector<std::string> names_;
  std::vector<std::string_view> features_;

  StripedMutex locks_;
  ChunkedArray<Row> rows_;  // row i guarded by locks_.of(i); the learner, who alone writes, reads without

  // learner thread only
  std::vector<std::uint32_t> holders_;  // per item: in how many rows it is a follower
};

std::unique_ptr<Part> make_covisitation(const CovisitationOptions& options, std::size_t max_items);

extern const PartKind kCovisitation;

}  // namespace freshet::online
