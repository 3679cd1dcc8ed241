#include "serve/recommend/filter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

TEST(Filter, WhatIsFoundOfAnItemIsNotRememberedOfTheNextOneWithItsNumber) {
  testing::ServiceFixture fixture;
  online::Vocabulary vocabulary(3);
  UnavailableItems unavailable(fixture.catalogue, vocabulary, 3);
  const auto filters = make_filters(fixture.catalogue, unavailable);
  const auto keeps = [&](FilterCandidate& candidate) {
    return std::ranges::all_of(filters, [&](const auto& filter) { return filter->keep({}, candidate); });
  };
  Item item;
  item.item = "old";
  item.available = false;
  ASSERT_TRUE(fixture.catalogue.put({&item, 1}));
  for (const char* name : {"old", "b", "c"}) vocabulary.observe(name, {});
  const online::ItemIndex number = vocabulary.find("old");

  FilterCandidate old(number, unavailable.epoch(), vocabulary);
  ASSERT_EQ(old.name(), "old");
  ASSERT_EQ(vocabulary.observe("new", {}).item, number);
  EXPECT_FALSE(keeps(old));
  FilterCandidate next(number, unavailable.epoch(), vocabulary);
  EXPECT_TRUE(keeps(next));
}

}  // namespace
}  // namespace freshet::serve
