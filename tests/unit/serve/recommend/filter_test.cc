// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/filter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

TEST(Filter, WhatIsFoundOfAnItemIsNotRememberedOfTheNextOneWithItsNumber) {
  testing::ServiceFixture fixture;
  online::Vocabulary vocabulary(3);
  CatalogueRows rows(fixture.catalogue, vocabulary, 3);
  const auto filters = make_filters(fixture.catalogue, rows);
  const auto keeps = [&](FilterCandidate& candidate) {
    return std::ranges::all_of(filters, [&](const auto& filter) { return filter->keep({}, candidate); });
  };
  Item item;
  item.item = "old";
  item.available = false;
  testing::put_items(fixture.catalogue, {item});
  for (const char* name : {"old", "b", "c"}) vocabulary.observe(name, {});
  const online::ItemIndex number = vocabulary.find("old");

  FilterCandidate old(number, rows.epoch(), vocabulary);
  ASSERT_EQ(old.name(), "old");
  ASSERT_EQ(vocabulary.observe("new", {}).item, number);
  EXPECT_FALSE(keeps(old));
  FilterCandidate next(number, rows.epoch(), vocabulary);
  EXPECT_TRUE(keeps(next));
}

}  // namespace
}  // namespace freshet::serve
