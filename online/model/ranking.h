#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "online/model/blender.h"
#include "online/part/context.h"
#include "online/part/part.h"

namespace freshet::online {

/// Everything that a request reads of the model: published as a whole, immutable except for count-based scorers, which
/// read live indexes.
struct Snapshot {
  std::uint64_t version = 0;
  Timestamp published{};    ///< wall clock
  Timestamp stream_time{};  ///< newest event time learned
  std::vector<std::shared_ptr<const Scorer>> parts;
  std::shared_ptr<const BlenderWeights> blender;
};

/// The union of the parts' proposals for one context, and what becomes of it. Reused between calls: no allocation once
/// warm. The learner (test, then train) and the server rank through the very same functions.
struct Ranking {
  /// What one part proposed, best first: its own ranking of all items, cut at k.
  struct Proposal {
    std::vector<Candidate> candidates;
  };

  std::vector<Proposal> proposals;     ///< one per part
  std::vector<ItemIndex> items;        ///< distinct candidates, in order of first proposal
  std::vector<std::uint32_t> sources;  ///< bit p of sources[i]: part p proposed items[i]
  std::vector<float> features;         ///< items.size() rows of feature_count(parts)
  std::vector<float> scores;           ///< blended log-odds, one per item; higher is better
};

using Parts = std::span<const Scorer* const>;

/// Names of all features, "part.feature", in column order.
std::vector<std::string> feature_names(Parts parts);

/// Asks every part for `per_part` candidates and forms the union (items, sources).
void propose(Parts parts, const Context& context, std::size_t per_part, Ranking& ranking);

/// Fills features for ranking.items (which the caller may have filtered or replaced; sources is not read).
void extract_features(Parts parts, const Context& context, Ranking& ranking);

/// Fills scores from features.
void blend(const BlenderWeights& weights, Ranking& ranking);

/// The best k rows of ranking.items, best first, ties in order of the rows.
std::vector<std::size_t> top_k(const Ranking& ranking, std::size_t k);

/// visit(row) for rows in that order, for as long as it returns true. Some dozens at a time are announced before they
/// are visited, with expect(row), so that the memory can be asked for what visit() needs.
/// Cost: O(n) for the first few dozen, and that again whenever four times as many are wanted.
template <typename Visit, typename Expect>
void visit_best_first(const Ranking& ranking, Visit visit, Expect expect) {
  std::size_t visited = 0;
  for (std::size_t k = 32; visited < ranking.items.size(); k *= 4) {
    const std::vector<std::size_t> rows = top_k(ranking, k);
    for (std::size_t i = visited; i < rows.size(); ++i) expect(rows[i]);
    for (; visited < rows.size(); ++visited) {
      if (!visit(rows[visited])) return;
    }
  }
}

template <typename Visit>
void visit_best_first(const Ranking& ranking, Visit visit) {
  visit_best_first(ranking, visit, [](std::size_t) {});
}

}  // namespace freshet::online
