// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/token_vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 32;

ItemFacts mug(std::string name) {
  Item item;
  item.item = std::move(name);
  item.title = "mug";
  ItemFacts facts;
  facts.apply({.kind = ItemChange::Kind::put, .item = std::move(item)}, kDimension);
  return facts;
}

/// Two mugs whose names begin alike.
class TokenVectorsTest : public ::testing::Test {
 protected:
  TokenVectorsTest() {
    vectors_.add(mug("m-1"));
    vectors_.add(mug("m-2"));
  }

  /// Steps against the part of an item's sum that tokens of the kind make up.
  void learn_that_it_misleads(TokenKind kind, int steps) {
    for (int i = 0; i < steps; ++i) {
      vectors_.parts(mug("m-1"), parts_);
      const auto part = std::ranges::find(parts_, kind, &TokenVectors::Part::kind);
      ASSERT_NE(part, parts_.end());
      const std::vector<float> along(vectors_.vector(part->row), vectors_.vector(part->row) + kDimension);
      vectors_.add_gradient(*part, along.data());
      vectors_.step();
    }
  }

  TokenVectors vectors_{kDimension, 1000, 0.0, 1};
  std::vector<TokenVectors::Part> parts_;
};

TEST_F(TokenVectorsTest, AKindThatMisleadsLosesItsWeight) {
  const float stem = vectors_.weight_of(TokenKind::stem), word = vectors_.weight_of(TokenKind::word);
  learn_that_it_misleads(TokenKind::stem, 1);
  EXPECT_LT(vectors_.weight_of(TokenKind::stem), stem);
  learn_that_it_misleads(TokenKind::stem, 200);
  EXPECT_EQ(vectors_.weight_of(TokenKind::stem), 0.0F);
  EXPECT_EQ(vectors_.weight_of(TokenKind::word), word);
}

TEST_F(TokenVectorsTest, AKindThatLostItsWeightCanWinItBack) {
  learn_that_it_misleads(TokenKind::word, 200);
  vectors_.parts(mug("m-1"), parts_);
  const auto part = std::ranges::find(parts_, TokenKind::word, &TokenVectors::Part::kind);
  ASSERT_NE(part, parts_.end());
  ASSERT_EQ(part->weight, 0.0F);
  std::vector<float> against(vectors_.vector(part->row), vectors_.vector(part->row) + kDimension);
  for (float& value : against) value = -value;
  vectors_.add_gradient(*part, against.data());
  vectors_.step();
  EXPECT_GT(vectors_.weight_of(TokenKind::word), 0.0F);
}

TEST_F(TokenVectorsTest, WeightsOfKindsAreSaved) {
  learn_that_it_misleads(TokenKind::stem, 3);
  std::string bytes;
  ByteWriter out(bytes);
  vectors_.save(out);
  TokenVectors loaded{kDimension, 1000, 0.0, 1};
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_EQ(loaded.weight_of(TokenKind::stem), vectors_.weight_of(TokenKind::stem));
}

}  // namespace
}  // namespace freshet::online
