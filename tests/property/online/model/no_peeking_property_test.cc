// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "base/random.h"
#include "online/all_parts.h"
#include "online/measure/evaluation.h"
#include "online/model/model.h"
#include "online/parts/neural/lstm_part.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"

// No part knows the event that it is asked to predict, so no figure of an evaluation is too good. Tests the parts
// that are on by default, together.
namespace freshet::online {
namespace {

using Ranks = std::vector<std::optional<std::size_t>>;

std::unique_ptr<Model> make_model() {
  Options options(all_parts());
  options.max_items = 1000;
  options.part<LstmOptions>().dimension = 16;
  options.part<LstmOptions>().batch_examples = 16;
  options.part<LstmOptions>().replay_per_batch = 16;
  options.part<LstmOptions>().negatives = 32;
  return std::make_unique<Model>(options, make_parts(options));
}

std::unique_ptr<Model> restored(const std::string& state) {
  auto model = make_model();
  ByteReader in(state);
  EXPECT_TRUE(model->load(in));
  return model;
}

// Unpredictable clicks: a part that does better than chance has peeked; one with full lists that does worse has omitted
// items.
TEST(NoPeeking, AUniformlyRandomStreamStaysAtChance) {
  constexpr std::size_t kItems = 400, kWarmUp = 3'000, kEvents = 10'000;
  Random random(testing::test_seed(301));
  const auto model = make_model();
  Evaluation evaluation(model->part_names());
  for (std::size_t i = 0; i < kEvents; ++i) {
    Event event;
    event.session = testing::numbered("s", random.below(300));
    // Every item is known after the first kItems events.
    event.item = testing::numbered("i", i < kItems ? i : random.below(kItems));
    event.time = timestamp_from_ms(1'600'000'000'000 + static_cast<std::int64_t>(i) * 200);
    const auto& outcome = model->learn(event);
    if (i < kWarmUp || !outcome.scored) continue;
    ASSERT_FALSE(outcome.unseen_target);
    evaluation.record(outcome.ranks, false);
  }
  const auto scored = static_cast<double>(evaluation.scored());
  ASSERT_GT(scored, 0.95 * (kEvents - kWarmUp));
  for (std::size_t c = 0; c < kCutoffs.size(); ++c) {
    // The session's last item is never the target: repeats are not scored.
    const double chance = static_cast<double>(kCutoffs[c]) / (kItems - 1);
    const double bound = 5 * std::sqrt(chance * (1 - chance) / scored);
    for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
      const std::string& name = evaluation.parts()[part];
      const double hit_rate = evaluation.whole(part).hit_rate[c];
      EXPECT_LT(hit_rate, chance + bound) << name << " @" << kCutoffs[c];
      const bool always_full = name == "popularity" || name == "lstm" || name == "blend";
      if (always_full) {
        EXPECT_GT(hit_rate, chance - bound) << name << " @" << kCutoffs[c];
      }
    }
  }
}

TEST(NoPeeking, ShufflingTheFutureChangesNoRankOfThePast) {
  Random random(testing::test_seed(302));
  for (int round = 0; round < 3; ++round) {
    auto events = testing::synthetic_stream(random.next(), {.events = 1500, .items = 130});
    const std::size_t now = 200 + random.below(1200);
    const auto first = make_model(), second = make_model();
    std::vector<Ranks> ranks;
    for (std::size_t i = 0; i < now; ++i) ranks.push_back(first->learn(events[i]).ranks);
    for (std::size_t i = events.size() - 1; i > now; --i) {
      std::swap(events[i], events[now + random.below(i - now + 1)]);
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto& outcome = second->learn(events[i]);
      if (i < now) {
        ASSERT_EQ(outcome.ranks, ranks[i]) << "event " << i << " of " << now;
      }
    }
  }
}

// Everything that was ranked for an event, except for the rank of its own item.
struct Ranked {
  std::vector<std::vector<std::pair<ItemIndex, float>>> proposals;
  std::vector<ItemIndex> items;
  std::vector<float> features, scores;

  explicit Ranked(const Ranking& ranking) : items(ranking.items), features(ranking.features), scores(ranking.scores) {
    for (const auto& proposal : ranking.proposals) {
      proposals.emplace_back();
      for (const Candidate& candidate : proposal.candidates)
        proposals.back().emplace_back(candidate.item, candidate.score);
    }
  }
  bool operator==(const Ranked&) const = default;
};

TEST(NoPeeking, TheRankingDoesNotDependOnTheEventItself) {
  Random random(testing::test_seed(303));
  const auto events = testing::synthetic_stream(random.next(), {.events = 1500, .items = 130});
  const auto model = make_model();
  std::size_t compared = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool looked_at = i >= 300 && i % 40 == 0;
    const std::string before = looked_at ? testing::saved(*model) : "";
    const bool scored = model->learn(events[i]).scored;
    const Ranked expected(model->ranking());
    if (!looked_at || !scored || expected.scores.empty()) continue;
    const auto ranked_instead = [&](const Event& event) {
      const auto other = restored(before);
      other->learn(event);
      ++compared;
      return Ranked(other->ranking());
    };
    for (const char* type : {"purchase", "addtocart"}) {
      Event event = events[i];
      event.type = type;
      event.value = 1e6F;
      event.request = "some-list";
      event.props = R"({"price":1})";
      EXPECT_TRUE(ranked_instead(event) == expected) << "event " << i << " as " << type;
    }
    const auto names = restored(before);
    for (int other = 0; other < 3; ++other) {
      Event event = events[i];
      event.item = names->vocabulary().name(expected.items[random.below(expected.items.size())]);
      EXPECT_TRUE(ranked_instead(event) == expected) << "event " << i << " on " << event.item;
    }
  }
  EXPECT_GT(compared, 50U);
}

}  // namespace
}  // namespace freshet::online
