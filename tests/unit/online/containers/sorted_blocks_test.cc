// SPDX-License-Identifier: Apache-2.0
#include "online/containers/sorted_blocks.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/random.h"

namespace freshet::online {
namespace {

using Numbers = SortedBlocks<std::uint32_t, std::less<>>;

std::vector<std::uint32_t> after(const Numbers& numbers, std::uint32_t place) {
  std::vector<std::uint32_t> found;
  numbers.visit_after(place, [&](std::uint32_t number) {
    found.push_back(number);
    return true;
  });
  return found;
}

TEST(SortedBlocks, AreASetWhateverHappens) {
  Random random(3);
  Numbers numbers;
  std::set<std::uint32_t> expected;
  for (int step = 0; step < 40'000; ++step) {
    // grows, then shrinks to nothing
    const auto number = static_cast<std::uint32_t>(1 + random.below(6000));
    const bool grows = step < 20'000;
    if (grows && expected.insert(number).second) numbers.insert(number);
    if (expected.contains(number) && random.below(grows ? 4 : 1) == 0) {
      expected.erase(number);
      numbers.erase(number);
    }
    ASSERT_EQ(numbers.size(), expected.size());
    if (step % 1000 != 0) continue;
    const auto place = static_cast<std::uint32_t>(random.below(6000));
    ASSERT_EQ(after(numbers, place), std::vector<std::uint32_t>(expected.upper_bound(place), expected.end()));
  }
  for (const std::uint32_t number : expected) numbers.erase(number);
  EXPECT_EQ(numbers.size(), 0U);
  EXPECT_TRUE(after(numbers, 0).empty());
}

TEST(SortedBlocks, AreSortedWhenAssigned) {
  Numbers numbers;
  std::vector<std::uint32_t> values;
  for (std::uint32_t n = 2000; n > 0; --n) values.push_back(n);
  numbers.assign(values);
  numbers.insert(0x7fffffff);
  std::ranges::reverse(values);
  values.push_back(0x7fffffff);
  EXPECT_EQ(after(numbers, 0), values);
}

}  // namespace
}  // namespace freshet::online
