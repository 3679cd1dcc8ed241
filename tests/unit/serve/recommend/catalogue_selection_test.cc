// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/catalogue_selection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/item_changes.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

constexpr std::uint64_t kMuch = 2'000'000'000;
constexpr int kItems = 1000;

std::string name_of(int number) { return "i" + std::to_string(1000 + number); }

Item item(int number, std::string color) {
  Item item;
  item.item = name_of(number);
  item.title = "Mug " + std::string(1000, 'x');
  item.attributes = {{"color", std::move(color)}};
  return item;
}

class CatalogueSelectionTest : public ::testing::Test {
 protected:
  CatalogueSelectionTest() {
    std::vector<Item> items;
    for (int number = 0; number < kItems; ++number) items.push_back(item(number, "red"));
    testing::put_items(fixture_.catalogue, items);
  }

  std::shared_ptr<const ItemSelection> select(const std::string& filter, std::uint64_t most_work = kMuch) {
    auto made = CatalogueSelection::make(services_, rows_, *store::parse_filter(filter), std::nullopt, most_work);
    FRESHET_CHECK(made.has_value());
    return *std::move(made);
  }

  testing::ServiceFixture fixture_;
  Services services_ = fixture_.services();
  CatalogueRows rows_{fixture_.catalogue, fixture_.model->vocabulary(), 1000};
};

TEST_F(CatalogueSelectionTest, MuchWorkLetsChangesIn) {
  std::jthread writer;  // ends after the selection
  const auto selection = select("color = green OR title CONTAINS zzz");
  EXPECT_FALSE(selection->contains(name_of(7)));
  std::atomic<bool> changed = false;
  writer = std::jthread([&] {
    for (int number = 5; number < 10; ++number) testing::put_items(fixture_.catalogue, {item(number, "green")});
    changed = true;
  });
  while (!changed && !selection->is_used_up()) (void)selection->contains(name_of(1));
  EXPECT_FALSE(selection->is_used_up());
  for (int n = 0; n < 10'000; ++n) (void)selection->contains(name_of(1));  // to the end of the slice
  EXPECT_TRUE(selection->contains(name_of(7))) << "a value that no item had when the filter was bound";
}

TEST_F(CatalogueSelectionTest, AnItemThatIsRemovedMeanwhileDoesNotComeAfterwards) {
  std::vector<ItemChange> removals;
  for (int number = 500; number < kItems; ++number) removals.push_back(testing::removal_of(name_of(number)));
  std::atomic<bool> removed = false;
  std::jthread writer;  // ends after the selection
  const auto selection = select("NOT title CONTAINS zzz");
  std::size_t before = 0, after = 0;
  selection->enumerate([&](std::string_view name) {
    if (!writer.joinable()) {
      writer = std::jthread([&] { removed = fixture_.catalogue.apply(removals, {}).has_value(); });
    }
    // Other work of the list, which takes as long as the writer.
    while (!removed && !selection->is_used_up()) (void)selection->contains(name_of(1));
    ++(name < name_of(500) ? before : after);
    return true;
  });
  EXPECT_FALSE(selection->is_used_up());
  EXPECT_EQ(before, 500U);
  EXPECT_EQ(after, 0U);
}

TEST_F(CatalogueSelectionTest, LittleWorkIsDoneAtOnce) {
  std::atomic<bool> changed = false;
  std::jthread writer;  // ends after the selection
  const auto selection = select("title CONTAINS mug", 100'000);
  writer = std::jthread([&] {
    testing::put_items(fixture_.catalogue, {item(5, "green")});
    changed = true;
  });
  std::size_t visited = 0;
  selection->enumerate([&](std::string_view) { return ++visited < 20; });
  EXPECT_EQ(visited, 20U);
  EXPECT_FALSE(changed);
}

}  // namespace
}  // namespace freshet::serve
