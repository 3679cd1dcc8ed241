// SPDX-License-Identifier: Apache-2.0
#include "online/model/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

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

TEST_F(RankingTest, APartThatIsNotAskedProposesNothing) {
  ask(parts, Context{}, ranking);
  propose(parts, 10, nullptr, ranking, 0b10);
  EXPECT_EQ(ranking.items, (std::vector<ItemIndex>{9, 4}));
  EXPECT_EQ(ranking.sources, (std::vector<std::uint32_t>{2, 2}));
  EXPECT_TRUE(ranking.proposals[0].candidates.empty());
}

TEST_F(RankingTest, FindsAPartByItsName) {
  const auto place = find_part(parts, "two");
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->part, 1U);
  EXPECT_EQ(place->columns.first, 2U);
  EXPECT_EQ(place->columns.count, 2U);
  EXPECT_FALSE(find_part(parts, "three").has_value());
}

struct SharesTest : RankingTest {
  static constexpr std::array<std::size_t, 2> kOwn{0, 2};
  const Blender blender{4, kOwn, {}, 1};
  static constexpr Columns kPart{2, 2};

  // The two parts disagree: the first likes the first row best, the second the last one.
  SharesTest() {
    ranking.items = {1, 2, 3};
    ranking.features = {2, 0.5F, 0, 1, 1, 0.25F, 1, 2, 0, 1, 3, -1};
  }

  static std::vector<double> softmax_of(const std::vector<float>& scores) {
    std::vector<double> shares;
    double sum = 0;
    for (const float score : scores) sum += shares.emplace_back(std::exp(static_cast<double>(score)));
    for (double& share : shares) share /= sum;
    return shares;
  }
  // Without a part its features are average, which is 0 before anything is learned.
  std::vector<float> scores_without_part() {
    std::vector<float> features = ranking.features, scores(3);
    for (std::size_t row = 0; row < 3; ++row) features[row * 4 + 2] = features[row * 4 + 3] = 0;
    blender.weights().score(features, scores);
    return scores;
  }
};

TEST_F(SharesTest, WithoutAShareAPartMakesNoDifference) {
  EXPECT_FALSE(blend_with_share(blender.weights(), kPart, 0, ranking));
  EXPECT_EQ(ranking.scores, scores_without_part());
}

TEST_F(SharesTest, AShareMixesProbabilities) {
  const std::vector<double> rest = softmax_of(scores_without_part()), own = softmax_of({0, 1, 3});
  for (const double share : {0.1, 0.5, 0.9, 1.0}) {
    EXPECT_TRUE(blend_with_share(blender.weights(), kPart, share, ranking));
    for (std::size_t row = 0; row < 3; ++row) {
      EXPECT_NEAR(std::exp(ranking.scores[row]), (1 - share) * rest[row] + share * own[row], 1e-5) << share;
    }
  }
  EXPECT_EQ(top_k(ranking, 3), (std::vector<std::size_t>{2, 1, 0}));
}

TEST_F(SharesTest, ScoresFarApartStayFinite) {
  ranking.features = {900, 0, 0, 0, 0, 0, 0, 0, -900, 0, 900, 0};
  EXPECT_TRUE(blend_with_share(blender.weights(), kPart, 1, ranking));
  for (const float score : ranking.scores) EXPECT_TRUE(std::isfinite(score)) << score;
}

TEST_F(SharesTest, APartToWhichAllAreEqualHasNoSay) {
  for (std::size_t row = 0; row < 3; ++row) ranking.features[row * 4 + 2] = -12;
  EXPECT_FALSE(blend_with_share(blender.weights(), kPart, 1, ranking));
  const std::vector<float> scores = ranking.scores;
  blend(blender.weights(), ranking);
  EXPECT_EQ(scores, ranking.scores);
  ranking.items.clear();
  ranking.features.clear();
  EXPECT_FALSE(blend_with_share(blender.weights(), kPart, 0.5, ranking));
}

struct ValuesTest : SharesTest {
  ValuesTest() {
    const std::size_t hidden = blender.weights().hidden;
    actions = {4,
               hidden,
               {"view", "cart", "purchase"},
               AlignedVector<float>(3 * 4, 0.0F),
               AlignedVector<float>(3 * hidden, 0.0F),
               {0.9, 0.0, 0.1}};
    actions.linear[2 * 4 + 2] = -2;  // what is bought is what the part does not think of
    actions.linear[2 * 4 + 3] = 0.5F;
    for (std::size_t h = 0; h < hidden; ++h) actions.w2[2 * hidden + h] = h % 2 == 0 ? 0.3F : -0.2F;
  }

  std::vector<double> purchases() const {
    std::vector<float> log_odds(3), heads(3);
    const std::array<std::size_t, 1> purchase{2};
    blender.weights().score(ranking.features, log_odds, {}, {&actions, purchase, heads});
    const auto& weights = blender.weights();
    AlignedVector<float> x(3 * 4), units(3 * weights.hidden);
    for (std::size_t row = 0; row < 3; ++row) {
      weights.standardize(std::span(ranking.features).subspan(row * 4, 4), std::span(x).subspan(row * 4, 4));
    }
    weights.hidden_units(x, units);
    for (std::size_t row = 0; row < 3; ++row) {
      double expected = static_cast<double>(log_odds[row]);
      for (std::size_t i = 0; i < 4; ++i) expected += static_cast<double>(x[row * 4 + i] * actions.linear[2 * 4 + i]);
      for (std::size_t h = 0; h < weights.hidden; ++h) {
        expected += static_cast<double>(units[row * weights.hidden + h] * actions.w2[2 * weights.hidden + h]);
      }
      EXPECT_NEAR(heads[row], expected, 1e-4);
    }
    return softmax_of(heads);
  }

  std::vector<double> views() const {
    std::vector<float> scores(3);
    blender.weights().score(ranking.features, scores);
    return softmax_of(scores);
  }

  ActionWeights actions;
};

TEST_F(ValuesTest, AScoreIsTheSumOfValueTimesRateTimesProbability) {
  const Worths worths(actions, {{"view", 2}, {"purchase", -30}});
  EXPECT_FALSE(blend_by_value(blender.weights(), actions, worths, std::nullopt, ranking));
  const auto view = views(), purchase = purchases();
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(ranking.scores[row], 2 * 0.9 * view[row] - 30 * 0.1 * purchase[row], 1e-5);
  }
  const std::vector<float> log_odds = ranking.log_odds;
  blend(blender.weights(), ranking);
  EXPECT_EQ(ranking.scores, log_odds);
}

TEST_F(ValuesTest, WithAShareOfAPartProbabilitiesAreMixed) {
  const Worths worths(actions, {{"purchase", 10}});
  const auto own = softmax_of({0, 1, 3});
  EXPECT_TRUE(blend_by_value(blender.weights(), actions, worths, PartShare{kPart, 1}, ranking));
  for (std::size_t row = 0; row < 3; ++row) EXPECT_NEAR(ranking.scores[row], own[row], 1e-5);
  EXPECT_TRUE(blend_by_value(blender.weights(), actions, worths, PartShare{kPart, 0.25}, ranking));
  const std::vector<float> mixed = ranking.scores;
  EXPECT_FALSE(blend_by_value(blender.weights(), actions, worths, PartShare{kPart, 0}, ranking));
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(mixed[row], 0.75 * static_cast<double>(ranking.scores[row]) + 0.25 * own[row], 1e-5);
  }
}

TEST_F(ValuesTest, NothingHasAWorthThatHasNoValueOrNeverHappens) {
  EXPECT_TRUE(Worths(actions, {}).heads.empty());
  EXPECT_TRUE(Worths(actions, {{"view", 0}, {"cart", 5}, {"like", 1}}).heads.empty());
  EXPECT_EQ(Worths(actions, {{"view", 0}, {"cart", 5}, {"purchase", 2}}).heads, (std::vector<std::size_t>{2}));
  ranking.items.clear();
  ranking.features.clear();
  EXPECT_FALSE(blend_by_value(blender.weights(), actions, Worths(actions, {{"view", 1}}), std::nullopt, ranking));
  EXPECT_TRUE(ranking.scores.empty());
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
