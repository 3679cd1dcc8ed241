// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/item_encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "online/kernels/kernels.h"
#include "tests/support/encoder_kinds.h"

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 32;

ItemFacts titled(const std::string& title) {
  Item item;
  item.item = item.title = title;
  ItemFacts facts;
  facts.apply({.kind = ItemChange::Kind::put, .item = std::move(item)}, kDimension);
  return facts;
}

/// Two kinds of items, whose words never meet, and an encoder that knows them.
class ItemEncoderTest : public ::testing::TestWithParam<EncoderKind> {
 protected:
  ItemEncoderTest() : encoder_(GetParam(), kDimension, 10'000, 0.2, 1) {
    for (const char* title : {"tea cup", "tea pot", "cup saucer", "pot lid", "tea saucer", "tea lid", "garden rake",
                              "garden hose", "rake handle", "hose handle", "garden handle", "rake hose"}) {
      items_.push_back(titled(title));
    }
    for (const ItemFacts& item : items_) encoder_.add(item);
  }

  EncodedItem encoded(const ItemFacts& item) {
    EncodedItem out;
    encoder_.encode(item, out);
    return out;
  }

  float cosine(const ItemFacts& one, const ItemFacts& other) {
    return dot(encoded(one).vector.data(), encoded(other).vector.data(), kDimension);
  }

  std::string saved() const {
    std::string bytes;
    ByteWriter out(bytes);
    encoder_.save(out);
    return bytes;
  }

  /// Steps that bring the first item to the last.
  void bring_together() {
    for (int i = 0; i < 30; ++i) {
      const EncodedItem one = encoded(items_.front()), other = encoded(items_.back());
      AlignedVector<float> away = other.vector;
      for (float& value : away) value = -value;
      encoder_.backward(items_.front(), one.vector.data(), one.length, away);
      encoder_.step();
    }
  }

  ItemEncoder encoder_;
  std::vector<ItemFacts> items_;
};

TEST_P(ItemEncoderTest, StepsTurnAnItemWhereTheGradientPoints) {
  EXPECT_LT(cosine(items_.front(), items_.back()), 0.5F);
  bring_together();
  EXPECT_GT(cosine(items_.front(), items_.back()), 0.8F);
}

TEST_P(ItemEncoderTest, OnlyTheAutoencoderLearnsFromTheCatalogueAlone) {
  const ItemFacts tea = titled("tea"), cup = titled("cup"), rake = titled("rake");
  const float before = cosine(tea, cup), apart = cosine(tea, rake);
  std::vector<const ItemFacts*> items;
  for (const ItemFacts& item : items_) items.push_back(&item);
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    encoder_.reconstruct(items, random);
    encoder_.step();
  }
  EXPECT_LE(cosine(tea, rake), apart);
  if (GetParam() == EncoderKind::autoencoder) {
    EXPECT_GT(cosine(tea, cup), before + 0.3F);
  } else {
    EXPECT_EQ(cosine(tea, cup), before);
  }
}

TEST_P(ItemEncoderTest, GoesOnAfterSaveAndLoad) {
  bring_together();
  const std::string bytes = saved();
  ItemEncoder loaded(GetParam(), kDimension, 10'000, 0.2, 1);
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_TRUE(in.at_end());
  EncodedItem of_loaded;
  for (const ItemFacts& item : items_) {
    loaded.encode(item, of_loaded);
    EXPECT_EQ(of_loaded.vector, encoded(item).vector);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ItemEncoderTest, testing::every_encoder(), testing::encoder_name);

}  // namespace
}  // namespace freshet::online
