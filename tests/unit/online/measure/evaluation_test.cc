// SPDX-License-Identifier: Apache-2.0
#include "online/measure/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace freshet::online {
namespace {

using Ranks = std::vector<std::optional<std::size_t>>;

TEST(Evaluation, EachCutoffCountsTheRanksUpToIt) {
  Evaluation evaluation({"a", "b"});
  evaluation.record(Ranks{1, std::nullopt}, false);
  evaluation.record(Ranks{5, 20}, false);
  evaluation.record(Ranks{6, 21}, false);
  evaluation.record(Ranks{std::nullopt, 300}, false);
  const RankingScores a = evaluation.whole(0), b = evaluation.whole(1);
  EXPECT_EQ(a.hit_rate, (std::array<double, 3>{0.5, 0.75, 0.75}));
  EXPECT_DOUBLE_EQ(a.mrr[0], (1.0 + 1.0 / 5) / 4);
  EXPECT_DOUBLE_EQ(a.mrr[2], (1.0 + 1.0 / 5 + 1.0 / 6) / 4);
  EXPECT_DOUBLE_EQ(a.ndcg[2], (1.0 + 1.0 / std::log2(6.0) + 1.0 / std::log2(7.0)) / 4);
  EXPECT_EQ(b.hit_rate, (std::array<double, 3>{0, 0, 0.25}));
  EXPECT_DOUBLE_EQ(b.mrr[2], 1.0 / 20 / 4);
  EXPECT_EQ(a.candidate_recall, 0.75);
  EXPECT_EQ(b.candidate_recall, 0.75);
}

TEST(Evaluation, TellsTargetsApartByTheirPriorClicks) {
  Evaluation evaluation({"a"});
  for (const std::size_t clicks : {0, 1, 2, 3, 9, 10, 500})
    evaluation.record(Ranks{clicks < 3 ? 2 : 30}, false, clicks);
  const auto targets = [&](std::size_t prior_clicks) { return evaluation.scored_in({.prior_clicks = prior_clicks}); };
  EXPECT_EQ(targets(0), 1U);
  EXPECT_EQ(targets(1), 2U);
  EXPECT_EQ(targets(2), 2U);
  EXPECT_EQ(targets(3), 2U);
  EXPECT_EQ(evaluation.scores(0, {.prior_clicks = 1}).mrr[2], 0.5);
  EXPECT_EQ(evaluation.scores(0, {.prior_clicks = 2}).mrr[2], 0);
  EXPECT_EQ(evaluation.scores(0, {.tenth = 9, .prior_clicks = 0}).hit_rate[2], 0);
}

TEST(Evaluation, TenthsTogetherAreTheWholeWhateverTheNumberOfEvents) {
  for (const std::size_t events : {0U, 1U, 9U, 10U, 23U, 100U}) {
    Evaluation evaluation({"a"});
    for (std::size_t i = 0; i < events; ++i) evaluation.record(Ranks{1 + i % 30}, i % 7 == 0);
    double hits = 0;
    std::size_t scored = 0, unseen = 0;
    for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) {
      const auto in_tenth = evaluation.scored_in_tenth(tenth);
      hits += evaluation.tenth(0, tenth).hit_rate[2] * static_cast<double>(in_tenth);
      scored += in_tenth;
      unseen += evaluation.unseen_in_tenth(tenth);
    }
    EXPECT_EQ(scored, events);
    EXPECT_EQ(unseen, evaluation.unseen());
    EXPECT_EQ(unseen, (events + 6) / 7);
    EXPECT_NEAR(hits, evaluation.whole(0).hit_rate[2] * static_cast<double>(events), 1e-9);
  }
}

TEST(Evaluation, CountsAnItemThatAPartHasListedOnce) {
  Evaluation evaluation({"a", "b"});
  for (const std::size_t item : {3U, 3U, 70U, 0U}) evaluation.cover(0, item);
  EXPECT_EQ(evaluation.covered(0), 3U);
  EXPECT_EQ(evaluation.covered(1), 0U);
}

}  // namespace
}  // namespace freshet::online
