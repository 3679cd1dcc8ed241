#include "store/catalogue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "tests/support/test_store.h"

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
  testing::TestStore store;
  {
    Catalogue catalogue(store.database());
    Item pan;
    pan.item = "pan";
    const std::vector<Item> items{mug(true), pan};
    ASSERT_TRUE(catalogue.put(items));
    ASSERT_TRUE(catalogue.erase("pan"));
    EXPECT_EQ(catalogue.erase("pan").error().code, Errc::not_found);
  }
  store.reopen();
  Catalogue catalogue(store.database());
  EXPECT_EQ(catalogue.size(), 1U);
  ASSERT_TRUE(catalogue.find("mug"));
  EXPECT_EQ(*catalogue.find("mug"), mug(true));
  EXPECT_EQ(catalogue.find("pan"), nullptr);
}

TEST(Catalogue, NoWriteComesBetweenWhatAnUpdateReadsAndWhatItWrites) {
  testing::TestStore store;
  Catalogue catalogue(store.database());
  const auto count_up = [](const Item& item) {
    Item next = item;
    next.price = item.price + 1;
    return Result<Item>(next);
  };
  EXPECT_EQ(catalogue.update("mug", count_up).error().code, Errc::not_found);
  Item start = mug(true);
  start.price = 0;
  ASSERT_TRUE(catalogue.put({&start, 1}));
  const auto update_often = [&] {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(catalogue.update("mug", count_up));
  };
  std::thread other(update_often);
  update_often();
  other.join();
  EXPECT_EQ(catalogue.find("mug")->price, 100);

  const auto refuse = [](const Item&) { return Result<Item>(Error{Errc::invalid, "no"}); };
  EXPECT_EQ(catalogue.update("mug", refuse).error().message, "no");
  EXPECT_EQ(catalogue.find("mug")->price, 100);
}

/// Runs `write` on two threads and returns how often it was true.
int successes(const std::function<bool()>& write) {
  std::atomic<int> count{0};
  const auto run = [&] { count += write() ? 1 : 0; };
  std::thread other(run);
  run();
  other.join();
  return count;
}

TEST(Catalogue, OfWritesAtTheSameTimeOneIsFirst) {
  testing::TestStore store;
  Catalogue catalogue(store.database());
  for (int round = 0; round < 30; ++round) {
    const Item item = mug(true);
    EXPECT_EQ(successes([&] { return *catalogue.put({&item, 1}) == 1; }), 1) << "one of two inserts it";
    const auto rename = [](const Item& known) -> Result<Item> { return known; };
    std::thread patches([&] { (void)catalogue.update("mug", rename).has_value(); });
    EXPECT_EQ(successes([&] { return catalogue.erase("mug").has_value(); }), 1);
    patches.join();
    EXPECT_EQ(catalogue.find("mug"), nullptr) << "a patch brings nothing back";
  }
}

TEST(Catalogue, OnlyAKnownItemCanBeUnavailable) {
  testing::TestStore store;
  Catalogue catalogue(store.database());
  EXPECT_TRUE(catalogue.is_available("mug"));
  const Item sold_out = mug(false);
  const auto before = catalogue.memory_bytes();
  ASSERT_TRUE(catalogue.put({&sold_out, 1}));
  EXPECT_FALSE(catalogue.is_available("mug"));
  const Item back = mug(true);
  ASSERT_TRUE(catalogue.put({&back, 1}));
  EXPECT_TRUE(catalogue.is_available("mug"));
  ASSERT_TRUE(catalogue.put({&sold_out, 1}));
  ASSERT_TRUE(catalogue.put({&sold_out, 1}));
  EXPECT_FALSE(catalogue.is_available("mug"));
  ASSERT_TRUE(catalogue.erase("mug"));
  EXPECT_TRUE(catalogue.is_available("mug"));
  EXPECT_EQ(catalogue.memory_bytes(), before);
}

}  // namespace
}  // namespace freshet::store
