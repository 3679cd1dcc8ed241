// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/item_facts.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 16;

ItemChange put(Item item) { return {.kind = ItemChange::Kind::put, .item = std::move(item)}; }

Item mug() {
  Item item;
  item.item = "i1";
  item.title = "Blue Mug";
  item.categories = {"kitchen > mugs"};
  item.price = 8;
  item.attributes = {{"brand", std::string("acme")}, {"sizes", std::vector<std::string>{"s", "m"}}};
  item.relations = {{"accessory_of", {"i2"}}};
  return item;
}

std::set<std::uint32_t> hashes(const ItemFacts& facts) {
  std::vector<Token> tokens;
  facts.tokens(tokens);
  std::set<std::uint32_t> hashes;
  for (const Token& token : tokens) {
    EXPECT_TRUE(std::isfinite(token.share));
    hashes.insert(token.hash);
  }
  return hashes;
}

ItemFacts facts_of(const Item& item) {
  ItemFacts facts;
  facts.apply(put(item), kDimension);
  return facts;
}

TEST(ItemFacts, APutTwiceIsAsOnce) {
  ItemFacts twice = facts_of(mug());
  twice.apply(put(mug()), kDimension);
  EXPECT_EQ(testing::saved(twice), testing::saved(facts_of(mug())));
}

TEST(ItemFacts, APatchGivesWhatThePatchedItemGives) {
  ItemFacts facts = facts_of(mug());
  ItemChange patch;
  patch.kind = ItemChange::Kind::patch;
  patch.set(ItemField::title);
  patch.set(ItemField::price);
  patch.item.item = "i1";
  patch.item.title = "Red Mug";
  patch.item.attributes = {{"brand", std::string("other")}, {"sizes", std::monostate()}};
  patch.item.relations = {{"accessory_of", {}}};
  facts.apply(patch, kDimension);
  Item patched = mug();
  apply(patch, patched);
  EXPECT_EQ(hashes(facts), hashes(facts_of(patched)));
  EXPECT_FALSE(facts.log2_price());
}

TEST(ItemFacts, WordsDoNotDependOnCaseNorCategoriesOnTheirSeparator) {
  Item other = mug();
  other.title = "BLUE, mug!";
  EXPECT_EQ(hashes(facts_of(other)), hashes(facts_of(mug())));
  std::vector<std::uint32_t> levels;
  facts_of(mug()).categories(levels);
  EXPECT_EQ(levels.size(), 2U);
}

TEST(ItemFacts, NamesThatBeginAlikeShareTokens) {
  const auto shared = [](const char* one, const char* other) {
    Item a, b;
    a.item = one;
    b.item = other;
    const std::set<std::uint32_t> of_a = hashes(facts_of(a)), of_b = hashes(facts_of(b));
    return std::ranges::count_if(of_a, [&](std::uint32_t hash) { return of_b.contains(hash); });
  };
  EXPECT_EQ(shared("85123A", "85123B"), 3);
  EXPECT_EQ(shared("85123A", "85123"), 2);
  EXPECT_EQ(shared("85123A", "85077C"), 0);
  EXPECT_EQ(shared("1", "2"), 0);
}

TEST(ItemFacts, ARelationNamesTheOtherItem) {
  Item other;
  other.item = "i2";
  std::vector<std::uint32_t> related;
  facts_of(mug()).relations(related);
  EXPECT_THAT(related, ::testing::ElementsAre(facts_of(other).self()));
}

TEST(ItemFacts, ABadPriceIsNone) {
  Item item = mug();
  for (const double price : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    item.price = price;
    EXPECT_FALSE(facts_of(item).log2_price()) << price;
  }
}

TEST(ItemFacts, SimilarVectorsOfTheShopStaySimilar) {
  const auto projection = [](std::vector<float> values) {
    Item item;
    item.item = "i";
    item.vectors = {{"image", std::move(values)}};
    return facts_of(item).vectors().front().values;
  };
  std::vector<float> one(512), other(512), opposite(512);
  for (std::size_t i = 0; i < one.size(); ++i) {
    one[i] = static_cast<float>(i % 7) - 3;
    other[i] = one[i] + (i % 11 == 0 ? 1.0F : 0.0F);
    opposite[i] = -one[i];
  }
  const auto cosine = [&](const std::vector<float>& a, const std::vector<float>& b) {
    float ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / std::sqrt(aa * bb);
  };
  EXPECT_GT(cosine(projection(one), projection(other)), 0.9F);
  EXPECT_LT(cosine(projection(one), projection(opposite)), -0.99F);
  other.assign(512, 0.0F);
  Item item;
  item.item = "i";
  item.vectors = {{"image", other}};
  EXPECT_TRUE(facts_of(item).vectors().empty()) << "a vector of zeros says nothing";
}

TEST(ItemFacts, IsBoundedWhateverTheItem) {
  Item item;
  item.item = "i";
  for (int i = 0; i < 4000; ++i) item.text += "word" + std::to_string(i) + " ";
  item.title = item.text.substr(0, kMaxTitleBytes);
  for (std::size_t i = 0; i < kMaxCategories; ++i) item.categories.push_back("a/b" + std::to_string(i) + "/c/d/e");
  std::vector<std::string> targets;
  for (std::size_t i = 0; i < kMaxRelationTargets; ++i) targets.push_back(std::to_string(i));
  item.relations = {{"r", targets}};
  EXPECT_LT(facts_of(item).memory_bytes(), 16U << 10);
}

TEST(ItemFacts, PatchesAddNoMoreNamesThanAnItemMayHave) {
  Item plain;
  plain.item = "i";
  ItemFacts facts = facts_of(plain);
  const auto patch = [&](const std::string& name) {
    ItemChange change{.kind = ItemChange::Kind::patch, .item = plain};
    change.item.attributes = {{name, std::vector<std::string>{"x", "y"}}};
    change.item.relations = {{name, {"a", "b"}}};
    facts.apply(change, kDimension);
  };
  for (std::size_t i = 0; i < kMaxAttributes; ++i) patch(std::to_string(i));
  const ItemFacts full = facts;
  patch("one more");
  EXPECT_EQ(facts, full);
  patch("0");
  EXPECT_EQ(hashes(facts), hashes(full)) << "a name that it has may change";
}

TEST(ItemFacts, IsTheSameAfterSaveAndLoad) {
  Item item = mug();
  item.vectors = {{"image", {1, 2, 3}}};
  const ItemFacts facts = facts_of(item);
  const std::string bytes = testing::saved(facts);
  ItemFacts loaded;
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in, kDimension));
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(testing::saved(loaded), bytes);
  ByteReader again(bytes);
  EXPECT_FALSE(ItemFacts().load(again, 2 * kDimension));
}

}  // namespace
}  // namespace freshet::online
