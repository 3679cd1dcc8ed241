#include "store/catalogue.h"

#include <gtest/gtest.h>

#include "tests/support/temp_directory.h"

namespace freshet::store {
namespace {

Item mug(bool available) {
  Item item;
  item.item = "mug";
  item.title = "Blue mug";
  item.categories = {"kitchen", "blue"};
  item.price = 9.5;
  item.available = available;
  item.attributes = R"({"brand":"x"})";
  return item;
}

TEST(Catalogue, KeepsItemsOverReopening) {
  const testing::TempDirectory dir;
  Options options;
  options.directory = dir.path() + "/data";
  {
    Database database(options);
    Catalogue catalogue(database);
    Item pan;
    pan.item = "pan";
    const std::vector<Item> items{mug(true), pan};
    ASSERT_TRUE(catalogue.put(items));
    ASSERT_TRUE(catalogue.erase("pan"));
    EXPECT_EQ(catalogue.erase("pan").error().code, Errc::not_found);
  }
  Database database(options);
  Catalogue catalogue(database);
  EXPECT_EQ(catalogue.size(), 1U);
  ASSERT_TRUE(catalogue.find("mug"));
  EXPECT_EQ(*catalogue.find("mug"), mug(true));
  EXPECT_EQ(catalogue.find("pan"), nullptr);
}

TEST(Catalogue, OnlyAKnownItemCanBeUnavailable) {
  const testing::TempDirectory dir;
  Options options;
  options.directory = dir.path() + "/data";
  Database database(options);
  Catalogue catalogue(database);
  EXPECT_TRUE(catalogue.is_available("mug"));
  const Item sold_out = mug(false);
  const auto before = catalogue.memory_bytes();
  ASSERT_TRUE(catalogue.put({&sold_out, 1}));
  EXPECT_FALSE(catalogue.is_available("mug"));
  ASSERT_TRUE(catalogue.erase("mug"));
  EXPECT_TRUE(catalogue.is_available("mug"));
  EXPECT_EQ(catalogue.memory_bytes(), before);
}

}  // namespace
}  // namespace freshet::store
