// SPDX-License-Identifier: Apache-2.0
#include "online/model/influence.h"

#include <gtest/gtest.h>

#include <numeric>

#include "online/model/model.h"
#include "tests/support/light_parts.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

/// A snapshot of all counting parts with a linear blender that uses only these features.
Snapshot looking_at(const std::vector<std::pair<std::size_t, float>>& weights) {
  const Options options = testing::counting_options();
  Model model(options, make_parts(options));
  Snapshot snapshot = *model.publish({});
  BlenderWeights blender = *snapshot.blender;
  blender.w2.assign(blender.hidden, 0.0F);
  blender.linear.assign(blender.inputs, 0.0F);
  for (const auto& [feature, weight] : weights) blender.linear[feature] = weight;
  snapshot.blender = std::make_shared<BlenderWeights>(blender);
  return snapshot;
}

TEST(Influence, IsWhereTheWeightLiesWhateverItsSign) {
  const Snapshot probe = looking_at({});
  const std::size_t second = probe.parts[0]->features().size();
  const auto shares = influence_of_parts(looking_at({{0, 3.0F}, {second, -1.0F}}));
  ASSERT_EQ(shares.size(), probe.parts.size());
  EXPECT_NEAR(shares[0], 0.75, 1e-5);
  EXPECT_NEAR(shares[1], 0.25, 1e-5);
  EXPECT_EQ(shares[2], 0);
}

TEST(Influence, IsZeroWhenNothingMovesTheScore) {
  for (const double share : influence_of_parts(looking_at({}))) EXPECT_EQ(share, 0);
}

TEST(Influence, OfALearnedBlenderSumsToOne) {
  const Options options = testing::counting_options();
  Model model(options, make_parts(options));
  for (const Event& event : testing::synthetic_stream(4, {.events = 2000})) model.learn(event);
  const auto shares = influence_of_parts(*model.publish({}));
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1.0, 1e-9);
  for (const double share : shares) EXPECT_GT(share, 0);
}

}  // namespace
}  // namespace freshet::online
