// SPDX-License-Identifier: Apache-2.0
#include "online/containers/lru.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "tests/support/test_seed.h"

namespace freshet::online {
namespace {

using Numbers = std::vector<std::uint32_t>;

Numbers oldest_first(const LruOrder& order) {
  Numbers numbers;
  for (std::uint32_t n = order.oldest(); n != LruOrder::kNone; n = order.after(n)) numbers.push_back(n);
  return numbers;
}

TEST(LruOrder, AnEmptyListHasNeitherOldestNorNewest) {
  const LruOrder order;
  EXPECT_EQ(order.oldest(), LruOrder::kNone);
  EXPECT_EQ(order.newest(), LruOrder::kNone);
}

TEST(LruOrder, NumbersMayComeInAnyOrder) {
  LruOrder order;
  for (const std::uint32_t number : {5U, 0U, 3U, 5U}) order.touch(number);
  EXPECT_EQ(oldest_first(order), (Numbers{0, 3, 5}));
}

TEST(LruOrder, ARemovedNumberMayComeBack) {
  LruOrder order;
  order.touch(0);
  order.remove(0);
  EXPECT_EQ(oldest_first(order), Numbers{});
  for (const std::uint32_t number : {1U, 0U, 2U}) order.touch(number);
  EXPECT_EQ(oldest_first(order), (Numbers{1, 0, 2}));
}

TEST(LruOrder, EqualsAPlainList) {
  Random random(testing::test_seed(31));
  LruOrder order;
  Numbers plain;
  for (int step = 0; step < 5000; ++step) {
    const auto number = static_cast<std::uint32_t>(random.below(20));
    const bool present = std::erase(plain, number) > 0;
    if (present && random.below(3) == 0) {
      order.remove(number);
    } else {
      order.touch(number);
      plain.push_back(number);
    }
    ASSERT_EQ(oldest_first(order), plain);
    ASSERT_EQ(order.newest(), plain.empty() ? LruOrder::kNone : plain.back());
  }
}

}  // namespace
}  // namespace freshet::online
