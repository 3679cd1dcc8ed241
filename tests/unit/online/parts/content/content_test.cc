// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"
#include "online/parts/example.h"
#include "tests/support/encoder_kinds.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using testing::context_of;
using testing::observe_session;

constexpr std::size_t kMaxItems = 400;
constexpr std::size_t kCategories = 10;

std::unique_ptr<Part> make(EncoderKind encoder = EncoderKind::bag) {
  ContentOptions options;
  options.encoder = encoder;
  options.dimension = 32;
  return make_content(options, kMaxItems, 1);
}

Item item(ItemIndex number, std::string title, std::string category) {
  Item item;
  item.item = "i" + std::to_string(number);
  item.title = std::move(title);
  item.categories = {std::move(category)};
  return item;
}

void put(Part& part, ItemIndex number, Item item) {
  part.describe(number, {.kind = ItemChange::Kind::put, .item = std::move(item)});
}

/// Items whose category is number % kCategories, with a word and a name that say nothing.
void describe_shop(Part& part, ItemIndex items) {
  for (ItemIndex number = 0; number < items; ++number) {
    const std::string category = std::to_string(number % kCategories);
    Item described = item(number, "noise" + std::to_string(mix64(number) % 20), "all/" + category);
    described.item = std::to_string(mix64(number));
    put(part, number, std::move(described));
  }
}

TEST(Content, IsDormantUntilAnItemIsDescribed) {
  const auto part = make();
  EXPECT_TRUE(part->is_dormant());
  observe_session(*part, 1, {1, 2, 3}, 0);
  EXPECT_TRUE(part->is_dormant());
  EXPECT_TRUE(testing::propose(part->live(), context_of({1}, 10)).empty());
  put(*part, 1, item(1, "mug", "kitchen"));
  EXPECT_FALSE(part->is_dormant());
}

TEST(Content, ProposesItemsThatNobodyHasClickedByTheirWords) {
  const auto part = make();
  put(*part, 1, item(1, "blue cotton shirt", ""));
  put(*part, 2, item(2, "red cotton shirt", ""));
  put(*part, 3, item(3, "steel pan", ""));
  put(*part, 4, item(4, "steel pot", ""));
  EXPECT_EQ(testing::items_of(testing::propose(part->live(), context_of({1}, 10))).front(), 2U);
  EXPECT_EQ(testing::items_of(testing::propose(part->publish().operator*(), context_of({4}, 10))).front(), 3U);
}

TEST(Content, ProposesNothingThatTheSessionHolds) {
  const auto part = make();
  describe_shop(*part, 50);
  const auto proposed = testing::items_of(testing::propose(part->live(), context_of({10, 20, 30}, 10), 47));
  EXPECT_EQ(proposed.size(), 47U);
  for (const ItemIndex held : {10U, 20U, 30U}) EXPECT_EQ(std::ranges::count(proposed, held), 0) << held;
}

TEST(Content, ProposesAsManyAsAskedForBesideALongSession) {
  const auto part = make();
  describe_shop(*part, 60);
  Context context = context_of({}, 100);
  for (ItemIndex number = 0; number < 40; ++number) context.session.push_back({number, context.now});
  auto proposed = testing::items_of(testing::propose(part->live(), context, 15));
  EXPECT_EQ(proposed.size(), 15U);
  EXPECT_GE(*std::ranges::min_element(proposed), 40U);
  proposed = testing::items_of(testing::propose(part->live(), context, 50));
  EXPECT_EQ(proposed.size(), 20U) << "there are no more";
}

TEST(Content, AnItemDescribedAgainUnchangedChangesNothing) {
  const auto part = make();
  describe_shop(*part, 50);
  const std::string before = testing::saved(*part);
  describe_shop(*part, 50);
  ItemChange sold_out{.kind = ItemChange::Kind::patch, .item = item(49, "", "")};
  sold_out.item.available = false;
  sold_out.set(ItemField::available);
  part->describe(49, sold_out);
  EXPECT_TRUE(testing::saved(*part) == before);
  put(*part, 7, item(7, "mug", "kitchen"));
  EXPECT_FALSE(testing::saved(*part) == before);
}

class ContentByEncoder : public ::testing::TestWithParam<EncoderKind> {};

// People go from a category to the one after it: nothing that words alone could tell.
TEST_P(ContentByEncoder, LearnsWhichCategoriesFollowEachOther) {
  const auto part = make(GetParam());
  constexpr ItemIndex kClicked = 200, kAll = 300;
  describe_shop(*part, kAll);
  Random random(7);
  for (std::uint64_t session = 1; session < 4000; ++session) {
    const auto first = static_cast<ItemIndex>(random.below(kClicked));
    const std::size_t next = (first + 1) % kCategories;
    const auto second = static_cast<ItemIndex>(random.below(kClicked / kCategories) * kCategories + next);
    observe_session(*part, session, {first, second}, static_cast<std::int64_t>(session) * 10);
  }
  std::size_t unclicked = 0, right = 0;
  for (ItemIndex from = 0; from < kCategories; ++from) {
    for (const ItemIndex proposed : testing::items_of(testing::propose(part->live(), context_of({from}, 50'000), 20))) {
      unclicked += proposed >= kClicked ? 1 : 0;
      right += proposed % kCategories == (from + 1) % kCategories ? 1 : 0;
    }
  }
  EXPECT_GE(right, 180U) << "of 200";
  EXPECT_GE(unclicked, 30U) << "a third of the items of a category are unclicked";
}

TEST_P(ContentByEncoder, GoesOnAfterSaveAndLoad) {
  const auto part = make(GetParam()), loaded = make(GetParam());
  const auto learn = [&](Part& by, std::uint64_t from) {
    for (std::uint64_t session = from; session < from + 200; ++session) {
      const auto first = static_cast<ItemIndex>(mix64(session) % 50), second = static_cast<ItemIndex>((first + 7) % 50);
      observe_session(by, session, {first, second}, static_cast<std::int64_t>(session) * 10);
    }
  };
  describe_shop(*part, 50);
  learn(*part, 1);
  const std::string bytes = testing::saved(*part);
  ByteReader in(bytes);
  ASSERT_TRUE(loaded->load(in));
  EXPECT_TRUE(in.at_end());
  learn(*part, 201);
  learn(*loaded, 201);
  EXPECT_TRUE(testing::saved(*loaded) == testing::saved(*part));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ContentByEncoder, testing::every_encoder(), testing::encoder_name);

TEST(Content, ARemovedItemIsProposedNoMore) {
  const auto part = make();
  describe_shop(*part, 30);
  part->describe(11, {.kind = ItemChange::Kind::remove, .item = {}});
  const auto proposed = testing::items_of(testing::propose(part->live(), context_of({1}, 10), 30));
  EXPECT_EQ(proposed.size(), 28U);
  EXPECT_EQ(std::ranges::count(proposed, 11U), 0);
}

TEST(Content, APatchOfAnUnknownItemChangesNothing) {
  const auto part = make();
  ItemChange patch{.kind = ItemChange::Kind::patch, .item = item(1, "mug", "kitchen")};
  patch.set(ItemField::title);
  part->describe(1, patch);
  EXPECT_TRUE(part->is_dormant());
}

TEST(Content, MemoryStaysBoundedWhenItemsComeAndGo) {
  const auto part = make();
  std::size_t after_one_round = 0;
  for (int round = 0; round < 1000; ++round) {
    describe_shop(*part, 3);
    for (ItemIndex number = 0; number < 3; ++number) {
      part->describe(number, {.kind = ItemChange::Kind::remove, .item = {}});
    }
    if (round == 0) after_one_round = part->memory_bytes();
  }
  EXPECT_EQ(part->memory_bytes(), after_one_round);
}

TEST(Content, MemoryCountsWhatWaitsForTheNextStep) {
  const auto part = make();
  describe_shop(*part, 30);
  const std::size_t described = part->memory_bytes();
  part->observe(context_of({1}, 10), {.item = 2, .time = timestamp_from_ms(0)});
  EXPECT_GT(part->memory_bytes(), described + sizeof(Example));
}

TEST(Content, ComparesPriceAndCategoryWithTheSession) {
  const auto part = make();
  Item cheap = item(1, "mug", "kitchen/mugs"), dear = item(2, "pan", "kitchen/pans"), far = item(3, "hat", "clothes");
  cheap.price = 4;
  dear.price = 16;
  dear.relations = {{"goes_with", {"i1"}}};
  put(*part, 1, cheap);
  put(*part, 2, dear);
  put(*part, 3, far);
  const Scorer& scorer = part->live();
  const auto column = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(scorer.features(), name) - scorer.features().begin());
  };
  const auto rows = testing::score(scorer, context_of({1}, 10), {2, 3, 9});
  EXPECT_FLOAT_EQ(rows[0][column("price_ratio")], 2);
  EXPECT_EQ(rows[0][column("shared_levels")], 1);
  EXPECT_EQ(rows[0][column("edge")], 1);
  EXPECT_EQ(rows[0][column("unclicked")], 1);
  EXPECT_EQ(rows[1][column("price_ratio")], 0) << "it has no price";
  EXPECT_EQ(rows[1][column("shared_levels")], 0);
  EXPECT_EQ(rows[1][column("edge")], 0);
  EXPECT_EQ(rows[2][column("known")], 0) << "it is not described";
  for (const auto& row : rows) {
    for (const float value : row) EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(Content, IsFiniteWhateverTheItems) {
  const auto part = make();
  Item vast = item(1, std::string(kMaxTitleBytes, 'x'), "");
  vast.text = std::string(kMaxItemTextBytes, 'y');
  vast.price = 1e300;
  vast.vectors = {{"image", std::vector<float>(512, 1e30F)}};
  put(*part, 1, vast);
  put(*part, 2, item(2, "", ""));
  vast.item = "i3";
  vast.price = 1e-300;
  put(*part, 3, vast);
  for (std::uint64_t session = 1; session < 50; ++session) {
    observe_session(*part, session, {1, 2, 3}, static_cast<std::int64_t>(session) * 10);
  }
  for (const auto& row : testing::score(part->live(), context_of({1, 2}, 1000), {1, 2, 3})) {
    for (const float value : row) EXPECT_TRUE(std::isfinite(value));
  }
}

}  // namespace
}  // namespace freshet::online
