#include "online/model/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "online/parts/recurrence.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

// Proposes given items; its features of item i are i + base and i * 2 + base.
class FixedQuery final : public Query {
 public:
  void propose(std::size_t k, const AllowedItems*, std::vector<Candidate>& out) override {
    for (std::size_t i = 0; i < std::min(k, items.size()); ++i) out.push_back({items[i], 1.0F});
  }
  void write_features(std::span<const ItemIndex> asked, FeatureColumns out) override {
    for (std::size_t row = 0; row < asked.size(); ++row) {
      out.at(row, 0) = static_cast<float>(asked[row]) + base;
      out.at(row, 1) = static_cast<float>(asked[row]) * 2 + base;
    }
  }

  std::vector<ItemIndex> items;
  float base = 0;
};

class FixedScorer final : public Scorer {
 public:
  FixedScorer(std::string_view name, std::vector<ItemIndex> items, float base)
      : name_(name), items_(std::move(items)), base_(base) {}

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, 2> kNames{"own", "twice"};
    return kNames;
  }
  void ask(const Context&, std::unique_ptr<Query>& query) const override {
    auto& fixed = reuse<FixedQuery>(query);
    fixed.items = items_;
    fixed.base = base_;
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
    ask(parts, Context{}, ranking);
    propose(parts, 10, nullptr, ranking);
    EXPECT_EQ(ranking.items, (std::vector<ItemIndex>{5, 3, 9, 4}));
    EXPECT_EQ(ranking.sources, (std::vector<std::uint32_t>{1, 1, 3, 2}));
    EXPECT_EQ(ranking.proposals[1].candidates.size(), 2U);
  }
  propose(parts, 1, nullptr, ranking);
  EXPECT_EQ(ranking.items, (std::vector<ItemIndex>{5, 9}));
}

TEST_F(RankingTest, PutsEveryPartsFeaturesIntoItsOwnColumns) {
  EXPECT_EQ(feature_names(parts), (std::vector<std::string>{"one.own", "one.twice", "two.own", "two.twice"}));
  ranking.items = {7, 8};
  ask(parts, Context{}, ranking);
  extract_features(parts, ranking);
  EXPECT_EQ(ranking.features, (std::vector<float>{7, 14, 107, 114, 8, 16, 108, 116}));
}

TEST_F(RankingTest, AQueryIsReusedByItsKindAndReplacedByOthers) {
  ask(parts, Context{}, ranking);
  const Query* const first = ranking.queries[0].get();
  const Query* const second = ranking.queries[1].get();
  ask({&parts[1], 1}, Context{}, ranking);
  EXPECT_EQ(ranking.queries[0].get(), first);
  EXPECT_EQ(ranking.queries[1].get(), second) << "of a part that is not asked: kept for the next request";
  propose({&parts[1], 1}, 10, nullptr, ranking);
  EXPECT_EQ(ranking.items, (std::vector<ItemIndex>{9, 4}));
  const auto recurrence = make_recurrence();
  const Scorer* const other = &recurrence->live();
  ask({&other, 1}, testing::context_of({1, 2}, 10), ranking);
  EXPECT_NE(ranking.queries[0].get(), nullptr);
  EXPECT_EQ(dynamic_cast<FixedQuery*>(ranking.queries[0].get()), nullptr);
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
