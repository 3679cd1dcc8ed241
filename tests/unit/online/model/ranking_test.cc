#include "online/model/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

// Proposes the given items; the features of item i are i + base and i * 2 + base.
class FixedScorer final : public Scorer {
 public:
  FixedScorer(std::string_view name, std::vector<ItemIndex> items, float base)
      : name_(name), items_(std::move(items)), base_(base) {}

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, 2> kNames{"own", "twice"};
    return kNames;
  }
  void propose(const Context&, std::size_t k, std::vector<Candidate>& out) const override {
    for (std::size_t i = 0; i < std::min(k, items_.size()); ++i) out.push_back({items_[i], 1.0F});
  }
  void score(const Context&, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      out.at(row, 0) = static_cast<float>(candidates[row]) + base_;
      out.at(row, 1) = static_cast<float>(candidates[row]) * 2 + base_;
    }
  }

 private:
  std::string_view name_;
  std::vector<ItemIndex> items_;
  float base_;
};

struct RankingTest : ::testing::Test {
  const FixedScorer one{"one", {5, 3, 9}, 0.0F};
  const FixedScorer two{"two", {9, 4}, 100.0F};
  const std::array<const Scorer*, 2> parts{&one, &two};
  Ranking ranking;
};

TEST_F(RankingTest, FormsTheUnionInOrderOfFirstProposal) {
  for (int round = 0; round < 2; ++round) {  // reused
    propose(parts, Context{}, 10, ranking);
    EXPECT_EQ(ranking.items, (std::vector<ItemIndex>{5, 3, 9, 4}));
    EXPECT_EQ(ranking.sources, (std::vector<std::uint32_t>{1, 1, 3, 2}));
    EXPECT_EQ(ranking.proposals[1].candidates.size(), 2U);
  }
  propose(parts, Context{}, 1, ranking);
  EXPECT_EQ(ranking.items, (std::vector<ItemIndex>{5, 9}));
}

TEST_F(RankingTest, PutsEveryPartsFeaturesIntoItsOwnColumns) {
  EXPECT_EQ(feature_names(parts), (std::vector<std::string>{"one.own", "one.twice", "two.own", "two.twice"}));
  ranking.items = {7, 8};
  extract_features(parts, Context{}, ranking);
  EXPECT_EQ(ranking.features, (std::vector<float>{7, 14, 107, 114, 8, 16, 108, 116}));
}

TEST_F(RankingTest, TopKIsBestFirstWithTiesToTheEarlierItem) {
  ranking.items = {1, 2, 3, 4};
  ranking.scores = {0.5F, 2.0F, 0.5F, 1.0F};
  EXPECT_EQ(top_k(ranking, 3), (std::vector<std::size_t>{1, 3, 0}));
  EXPECT_EQ(top_k(ranking, 9), (std::vector<std::size_t>{1, 3, 0, 2}));
}

TEST_F(RankingTest, VisitsAllRowsInThatOrderOrAsManyAsAreWanted) {
  constexpr std::size_t kRows = 500;
  for (std::size_t row = 0; row < kRows; ++row) {
    ranking.items.push_back(static_cast<ItemIndex>(1000 + row));
    ranking.scores.push_back(static_cast<float>(row * 7 % 100));
  }
  for (const std::size_t wanted : {std::size_t{1}, std::size_t{40}, kRows}) {
    std::vector<std::size_t> visited;
    visit_best_first(ranking, [&](std::size_t row) {
      visited.push_back(row);
      return visited.size() < wanted;
    });
    EXPECT_EQ(visited, top_k(ranking, wanted));
  }
  EXPECT_EQ(top_k(ranking, kRows).size(), kRows);
}

}  // namespace
}  // namespace freshet::online
