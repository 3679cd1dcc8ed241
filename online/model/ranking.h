// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "online/containers/item_table.h"
#include "online/model/blender.h"
#include "online/model/timeline.h"
#include "online/part/context.h"
#include "online/part/id_hash.h"
#include "online/part/part.h"
#include "online/part/user_neighbors.h"

namespace freshet::online {

/// Everything that a request reads of the model, published as a whole. Immutable except for the scorers of counting
/// parts, which read live indexes.
/// Threads: any.
struct Snapshot {
  std::uint64_t version = 0;
  Timestamp published{};    ///< wall clock
  Timestamp stream_time{};  ///< newest event time learned
  Timeline timeline;        ///< in which the parts have learned
  IdHash ids;               ///< by which they know users and sessions; the same in all snapshots of a model
  std::vector<std::shared_ptr<const Scorer>> parts;
  std::shared_ptr<const BlenderWeights> blender;
  std::shared_ptr<const ActionWeights> actions;  ///< heads over its hidden layer

  /// The part that compares users, null if there is none. Lives as long as `parts`.
  const UserNeighbors* user_neighbors() const;
};

/// The candidates for one context (the union of the parts' proposals), their features and their blended scores. Filled
/// by ask(), propose(), extract_features() and blend(), in this order; without propose() if the items are given. The
/// learner and the server rank through the same functions.
/// Threads: one. Keep one per thread and reuse it for every request: once warm, nothing is allocated, and nothing of
///          one request reaches the next.
struct Ranking {
  /// What one part proposed, best first: the first k of its own ranking of all items that are allowed.
  struct Proposal {
    std::vector<Candidate> candidates;
  };

  std::vector<std::unique_ptr<Query>> queries;  ///< one per part, by ask(); more if more parts were asked before
  std::vector<Proposal> proposals;              ///< one per part
  std::vector<ItemIndex> items;                 ///< distinct candidates, in order of first proposal
  std::vector<std::uint32_t> sources;           ///< bit p of sources[i]: part p proposed items[i]
  std::vector<float> features;                  ///< [items.size()][number of features]
  std::vector<float> scores;                    ///< one per item, higher is better: log-odds, or what is expected of it
  std::vector<float> log_odds;                  ///< of the blend, by blend_by_value()
  ItemTable row_of;                             ///< row of an item; buffer of propose()
};

/// Of the parts, in feature order.
using Scorers = std::span<const Scorer* const>;

/// Names of all features, "part.feature", in column order.
std::vector<std::string> feature_names(Scorers scorers);

/// The place of a part in rankings.
struct PartPlace {
  std::size_t part = 0;  ///< among the scorers
  Columns columns;       ///< of its features, its own score first
};
/// nullopt if no scorer has that name.
std::optional<PartPlace> find_part(Scorers scorers, std::string_view name);

/// Asks every scorer about the context, which must live until the ranking is done.
void ask(Scorers scorers, const Context& context, Ranking& ranking);

inline constexpr std::uint32_t kEveryPart = UINT32_MAX;

/// Takes at most `per_part` candidates of those that are allowed (null: all) from every scorer and forms their union
/// (items, sources). Scorers whose bits are not in `which` propose nothing. May be called again with another number.
/// REQUIRES: ask() of the same scorers, at most 32
void propose(Scorers scorers, std::size_t per_part, const AllowedItems* allowed, Ranking& ranking,
             std::uint32_t which = kEveryPart);

/// Fills features for ranking.items (which the caller may have filtered or replaced; sources is not read).
/// REQUIRES: ask() of the same scorers
void extract_features(Scorers scorers, Ranking& ranking);

/// Fills scores from features.
void blend(const BlenderWeights& weights, Ranking& ranking);

/// The same, with a given share of one part in the order, 0 to 1. Where B are the probabilities of the candidates by
/// the blend without the part's features, and P those by the part's own score (the softmax of either over all
/// candidates), a candidate scores log((1 - share) B + share P). So 0 is the order of the rest of the blend, and 1 that
/// of the part alone. If all candidates are equal to the part, a share above 0 is as blend().
/// Returns whether the part has a say in the scores.
bool blend_with_share(const BlenderWeights& weights, Columns part, double share, Ranking& ranking);

/// The share of one part in the order.
struct PartShare {
  Columns part;
  double share = 0;
};

/// What the actions of a list are worth: for each whose value is not 0 and that has ever happened, value times rate.
struct Worths {
  Worths() = default;
  Worths(const ActionWeights& actions, const Values& values);

  std::vector<std::size_t> heads;  ///< of the actions
  std::vector<double> each;        ///< one per head
};

/// Fills scores with the expected value of a candidate: the sum over actions of worth x P(item | action), where P is the
/// softmax over all candidates of the action's head, or, with a share, (1 - share) P without the part + share x P of the
/// part's own score. Fills log_odds as blend() fills scores. Returns whether the part has a say in the scores by its share.
/// REQUIRES: worths.heads is not empty
bool blend_by_value(const BlenderWeights& weights, const ActionWeights& actions, const Worths& worths,
                    const std::optional<PartShare>& content, Ranking& ranking);

/// The best k rows of ranking.items, best first, ties in order of the rows.
std::vector<std::size_t> top_k(const Ranking& ranking, std::size_t k);

/// Calls visit(row) for the rows, best first, until it returns false. Rows are selected in batches: the best 32, then
/// those up to 128, and so on by factors of 4. expect(row) is called for all rows of a batch before any is visited, to
/// prefetch what visit() needs.
/// Cost: O(n) per batch.
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
