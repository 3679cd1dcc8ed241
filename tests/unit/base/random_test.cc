// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace freshet {
namespace {

TEST(Random, GoesOnWithTheSameNumbersAfterSaveAndLoad) {
  Random first(7);
  for (int i = 0; i < 100; ++i) first.next();
  std::string bytes;
  ByteWriter out(bytes);
  first.save(out);
  Random second(1);
  ByteReader in(bytes);
  second.load(in);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(second.next(), first.next());
}

TEST(Random, FillsEveryBucketAboutEqually) {
  Random random(3);
  std::array<int, 10> buckets{};
  for (int i = 0; i < 100'000; ++i) ++buckets[random.below(10)];
  for (const int count : buckets) EXPECT_NEAR(count, 10'000, 500);
}

TEST(Random, UniformStaysBelowOneAndAveragesAHalf) {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double x = random.uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.01);
}

TEST(Random, NeighboringSeedsShareNoNumbers) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(seen.insert(random.next()).second);
  }
}

}  // namespace
}  // namespace freshet
