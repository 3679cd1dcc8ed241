// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "online/containers/cow_ptr.h"
#include "online/containers/item_table.h"
#include "online/part/part.h"
#include "online/parts/content/session_weights.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {

/// What features read of a described item, beside its vector.
struct ItemTraits {
  static constexpr std::size_t kMost = 8;

  using Hashes = std::array<std::uint32_t, kMost>;

  Hashes categories{}, relations{};  ///< hashes; behind the last one, if there are fewer, zeros
  std::uint32_t self = 0;            ///< hash by which relations name the item
  float log_clicks = 0;              ///< log2(1 + number of clicks)
  float log2_price = 0;              ///< if has_price
  bool has_price = false;
  std::int64_t time_ms = 0;  ///< of publication; 0: not known
};

/// The traits of some rows.
using TraitsPage = std::array<ItemTraits, EmbeddingPage::kRows>;

/// Described items as they were at one moment, by row.
struct ContentView {
  std::shared_ptr<const EmbeddingView> vectors;
  std::vector<CowPtr<TraitsPage>> pages;
  std::shared_ptr<const SessionWeights> weights;

  const ItemTraits& traits(std::uint32_t row) const {
    return (*pages[row / EmbeddingPage::kRows])[row % EmbeddingPage::kRows];
  }
};

/// The items that the session holds, and the newest of them that are described, newest first.
struct ContentSession {
  ItemTable held;
  std::vector<std::uint32_t> rows;  ///< at most SessionWeights::kItems

  /// REQUIRES: `vectors` outlives what is done with `rows`
  void read(const Context& context, const EmbeddingView& vectors);
};

/// Serving side of the content part. Ranks the described items that the session does not hold by the cosine to its newest
/// ones; the features compare a candidate with the session in other respects too.
/// Threads: as Scorer. A published scorer is immutable; the learner's live scorer is for the learner thread only.
/// Cost:    propose() scans the vectors (embedding_ranking.h); write_features() reads a vector and the traits per item,
///          and multiplies the vector with those of the session's newest items.
class ContentScorer final : public Scorer {
 public:
  explicit ContentScorer(std::shared_ptr<const ContentView> view) : view_(std::move(view)) {}

  std::string_view name() const override;
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

 private:
  const std::shared_ptr<const ContentView> view_;
};

}  // namespace freshet::online
