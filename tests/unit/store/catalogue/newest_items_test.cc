// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/newest_items.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/random.h"

namespace freshet::store {
namespace {

using Entry = NewestItems::Entry;

TEST(NewestItems, AreTheValidOnesInOrderHoweverTheyAreStored) {
  ItemNames names;
  NewestItems newest(names);
  std::map<CatalogueRow, Timestamp> times;
  const auto is_valid = [&](const Entry& entry) {
    const auto found = times.find(entry.row);
    return found != times.end() && found->second == entry.time;
  };
  Random random(3);
  for (int step = 0; step < 400; ++step) {
    const CatalogueRow row = names.add("i" + std::to_string(random.below(50)));
    if (random.below(4) == 0) {
      times.erase(row);
    } else {
      times[row] = timestamp_from_ms(static_cast<std::int64_t>(random.below(5)));
      newest.add({times[row], row});
    }
    if (random.below(20) == 0) newest.replace(newest.tidied(is_valid));

    std::vector<Entry> expected;
    for (const auto& [one, time] : times) expected.push_back({time, one});
    std::ranges::sort(expected, [&](const Entry& a, const Entry& b) {
      return a.time != b.time ? a.time > b.time : names.name(a.row) < names.name(b.row);
    });
    ASSERT_EQ(newest.next(1000, nullptr, is_valid), expected);
    if (expected.size() < 2) continue;
    const std::size_t middle = random.below(expected.size() - 1);
    const std::vector<Entry> two = newest.next(1, &expected[middle], is_valid);
    ASSERT_EQ(two, std::vector<Entry>{expected[middle + 1]});
  }
}

TEST(NewestItems, AreUntidyIfThereIsMuchToPassOver) {
  ItemNames names;
  NewestItems newest(names);
  EXPECT_FALSE(newest.is_untidy(0));
  for (int i = 0; i < 10'000; ++i) newest.add({Timestamp{}, names.add(std::to_string(i))});
  EXPECT_TRUE(newest.is_untidy(10'000));
  newest.replace(newest.tidied([](const Entry&) { return true; }));
  EXPECT_FALSE(newest.is_untidy(10'000));
  EXPECT_TRUE(newest.is_untidy(1000));
}

}  // namespace
}  // namespace freshet::store
