// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "base/bytes.h"
#include "store/history_store.h"
#include "store/rocks.h"
#include "tests/support/history_events.h"
#include "tests/support/item_changes.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::item_record;
using freshet::testing::put_of;
using freshet::testing::removal_of;

using Names = std::vector<std::string>;

Item item_of(std::string name, double price = 0, bool available = true, std::int64_t time = 0) {
  Item item;
  item.item = std::move(name);
  item.price = price;
  item.available = available;
  item.time = timestamp_from_ms(time);
  return item;
}

ItemChange price_of(std::string name, double price) {
  ItemChange change{ItemChange::Kind::patch, item_of(std::move(name), price), 0};
  change.set(ItemField::price);
  return change;
}

ItemChange availability_of(std::string name, bool available) {
  ItemChange change{ItemChange::Kind::patch, item_of(std::move(name), 0, available), 0};
  change.set(ItemField::available);
  return change;
}

class CatalogueTest : public ::testing::Test {
 protected:
  void open(CatalogueOptions options = {}, CatalogueListener* listener = nullptr) {
    catalogue_.emplace(files_.database(), options, listener);
    histories_.emplace(files_.database());
  }
  void reopen(CatalogueOptions options = {}, CatalogueListener* listener = nullptr) {
    catalogue_.reset();
    histories_.reset();
    files_.reopen();
    open(options, listener);
  }

  /// Commits the changes as the next records of partition 0, all in one batch.
  ItemCounts commit(std::vector<ItemChange> changes, std::int64_t arrival_ms = 0) {
    std::vector<PositionedEvent> records;
    for (ItemChange& change : changes) records.push_back(item_record({0, offset_++}, std::move(change), arrival_ms));
    return commit(batch_of(std::move(records)));
  }
  ItemCounts commit(const EventBatch& batch) {
    const auto counts = histories_->commit(batch, true);
    EXPECT_TRUE(counts);
    return counts ? counts->items : ItemCounts{};
  }
  void click(std::string item, std::int64_t arrival_ms = 0, std::int32_t partition = 0) {
    PositionedEvent entry = freshet::testing::user_event(offset_++, "u", std::move(item), arrival_ms);
    entry.position.partition = partition;
    commit(batch_of({entry}));
  }

  std::optional<double> price(std::string_view name) const {
    const auto found = catalogue_->find(name);
    EXPECT_TRUE(found);
    return found && *found ? (*found)->price : std::nullopt;
  }
  bool has(std::string_view name) const { return catalogue_->find(name)->has_value(); }
  bool available(std::string_view name) const { return catalogue_->is_available(name); }
  Names newest() const {
    Names names;
    for (const auto& item : catalogue_->newest_available(1'000'000, nullptr)) names.push_back(item.name);
    return names;
  }
  Names names_after(std::string_view after, std::size_t limit) const {
    Names names;
    const auto page = catalogue_->page(after, limit);
    EXPECT_TRUE(page);
    for (const Item& item : *page) names.push_back(item.item);
    return names;
  }

  freshet::testing::TestStore files_;
  std::optional<Catalogue> catalogue_;
  std::optional<HistoryStore> histories_;
  std::int64_t offset_ = 0;
};

TEST_F(CatalogueTest, TheLogSaysWhatItemsAre) {
  open();
  const ItemCounts counts = commit({put_of(item_of("mug", 9)), put_of(item_of("pan", 5)), price_of("mug", 8),
                                    price_of("cup", 1), removal_of("pan"), put_of(item_of("mug2"))});
  EXPECT_EQ(counts.puts, 3U);
  EXPECT_EQ(counts.inserted, 3U);
  EXPECT_EQ(counts.patches, 1U);
  EXPECT_EQ(counts.removals, 1U);
  EXPECT_EQ(counts.ignored_patches, 1U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(catalogue_->size(), 2U);
    EXPECT_EQ(price("mug"), 8);
    EXPECT_FALSE(has("pan"));
    EXPECT_FALSE(has("cup"));
    EXPECT_EQ(names_after("", 10), (Names{"mug", "mug2"}));
    reopen();
  }
}

TEST_F(CatalogueTest, PatchesApplyToTheItemAsItIsThen) {
  open();
  commit({put_of(item_of("mug", 9))});
  reopen();
  commit({price_of("mug", 7), availability_of("mug", false)});
  commit({availability_of("mug", true)});
  EXPECT_EQ(price("mug"), 7);
  EXPECT_TRUE(available("mug"));
  const ItemCounts counts = commit({removal_of("mug"), price_of("mug", 6), put_of(item_of("mug", 5)),
                                    availability_of("mug", false), put_of(item_of("mug", 4)), price_of("mug", 3)});
  EXPECT_EQ(counts.ignored_patches, 1U);
  EXPECT_EQ(price("mug"), 3);
  EXPECT_TRUE(available("mug"));
}

TEST_F(CatalogueTest, APatchThatWouldMakeAnItemTooLargeIsLeftOut) {
  open();
  const auto attributes_of = [](const std::string& prefix, std::size_t count, std::size_t bytes) {
    ItemChange patch{ItemChange::Kind::patch, {}, 0};
    patch.item.item = "mug";
    for (std::size_t i = 0; i < count; ++i) {
      patch.item.attributes.push_back({prefix + std::to_string(1000 + i), std::string(bytes, 'x')});
    }
    return patch;
  };
  ItemCounts counts =
      commit({put_of(item_of("mug", 9)), attributes_of("a", kMaxAttributes, 1), attributes_of("b", 1, 1),
              price_of("mug", 8), attributes_of("a", 64, kMaxAttributeBytes)});
  EXPECT_EQ(counts.patches, 2U);
  EXPECT_EQ(counts.oversized_patches, 2U);
  reopen();
  counts = commit({attributes_of("a", 65, kMaxAttributeBytes), attributes_of("a", 63, kMaxAttributeBytes)});
  EXPECT_EQ(counts.patches, 1U);
  EXPECT_EQ(counts.oversized_patches, 1U);
  const auto found = catalogue_->find("mug");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->attributes.size(), kMaxAttributes);
  EXPECT_EQ((*found)->price, 8);
  EXPECT_EQ(std::get<std::string>((*found)->attributes[62].value).size(), kMaxAttributeBytes);
  EXPECT_EQ(std::get<std::string>((*found)->attributes[64].value).size(), 1U);
}

TEST_F(CatalogueTest, ABatchThatIsReadAgainUndoesNothingLater) {
  open();
  const auto first = batch_of({item_record({0, 0}, put_of(item_of("mug", 1))), item_record({0, 1}, removal_of("pan"))});
  const auto second = batch_of({item_record({0, 2}, price_of("mug", 2)), item_record({0, 3}, put_of(item_of("pan")))});
  commit(first);
  commit(second);
  commit(first);
  EXPECT_EQ(price("mug"), 2);
  EXPECT_TRUE(has("pan"));
}

TEST_F(CatalogueTest, OffsetsOfARecreatedLogAreNew) {
  open();
  commit({put_of(item_of("mug", 1)), put_of(item_of("pan", 1))});
  EventBatch batch = batch_of({item_record({0, 0}, price_of("mug", 2))});
  batch.recreated = {0};
  commit(batch);
  commit(batch_of({item_record({0, 1}, price_of("mug", 3))}));
  EXPECT_EQ(price("mug"), 3);
}

TEST_F(CatalogueTest, ARemovedItemIsInNoListUntilItIsPutAgain) {
  open();
  commit({put_of(item_of("mug", 1, /*available=*/false)), put_of(item_of("pan"))});
  EXPECT_FALSE(available("mug"));
  commit({removal_of("mug"), removal_of("never seen")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(available("mug"));
    EXPECT_FALSE(available("never seen"));
    EXPECT_TRUE(available("pan"));
    EXPECT_TRUE(available("other"));
    EXPECT_EQ(catalogue_->removed_items(), 2U);
    EXPECT_EQ(catalogue_->unavailable_items(), 0U);
    EXPECT_EQ(newest(), Names{"pan"});
    reopen();
  }
  commit({put_of(item_of("mug"))});
  EXPECT_TRUE(available("mug"));
  EXPECT_EQ(catalogue_->removed_items(), 1U);
}

TEST_F(CatalogueTest, AnInteractionThatArrivedLaterBringsARemovedItemBack) {
  open();
  commit({put_of(item_of("mug"))});
  commit({removal_of("mug")}, 1000);
  click("pan", 2000);
  click("mug", 1000, /*partition=*/1);
  EXPECT_FALSE(available("mug")) << "it did not arrive later";
  click("mug", 1001, 1);
  EXPECT_TRUE(available("mug"));
  EXPECT_FALSE(has("mug"));
  commit({removal_of("mug")}, 1000);
  EXPECT_FALSE(available("mug"));
  click("mug", 900);
  EXPECT_TRUE(available("mug")) << "in the same partition it is later, whatever the clocks say";
  reopen();
  EXPECT_TRUE(available("mug"));
  EXPECT_EQ(catalogue_->removed_items(), 0U);
}

TEST_F(CatalogueTest, AnInteractionThatIsNotStoredBringsNothingBack) {
  open();
  commit({removal_of("mug")});
  PositionedEvent secret = freshet::testing::user_event(offset_++, "u", "mug", 10);
  secret.event.consent = false;
  commit(batch_of({secret}));
  EXPECT_FALSE(available("mug"));
}

TEST_F(CatalogueTest, InStrictModeOnlyItemsOfTheCatalogueAreAvailable) {
  open({.strict = true});
  EXPECT_FALSE(catalogue_->excludes_nothing());
  EXPECT_FALSE(available("other"));
  commit({put_of(item_of("mug")), put_of(item_of("pan", 0, false)), removal_of("mug")});
  click("mug", 10);
  EXPECT_FALSE(available("mug"));
  EXPECT_FALSE(available("pan"));
  commit({put_of(item_of("mug"))});
  EXPECT_TRUE(available("mug"));
}

TEST_F(CatalogueTest, RemovalsOlderThanAnyEventAreForgottenAtAStart) {
  open();
  commit({removal_of("old")}, 1000);
  commit({removal_of("young")}, 3000);
  click("pan", to_ms(Timestamp{} + files_.database().options().max_event_age) + 2000);
  EXPECT_FALSE(available("old"));
  reopen();
  EXPECT_TRUE(available("old"));
  EXPECT_FALSE(available("young"));
}

TEST_F(CatalogueTest, NewItemsBeyondTheLimitAreLeftOut) {
  open({.max_items = 2});
  ItemCounts counts =
      commit({put_of(item_of("a")), put_of(item_of("b")), put_of(item_of("c")), put_of(item_of("a", 2))});
  EXPECT_EQ(counts.refused, 1U);
  EXPECT_EQ(catalogue_->size(), 2U);
  EXPECT_EQ(price("a"), 2);
  EXPECT_FALSE(has("c"));
  counts = commit({removal_of("a"), put_of(item_of("c")), removal_of("x"), removal_of("y")});
  EXPECT_EQ(counts.refused, 1U);
  EXPECT_TRUE(has("c"));
  EXPECT_FALSE(available("a"));
  EXPECT_FALSE(available("x"));
  EXPECT_TRUE(available("y"));
}

TEST_F(CatalogueTest, ItemsOf010AreFoundUntilTheLogHasThem) {
  std::string row;
  ByteWriter out(row);
  out.fixed(std::uint8_t{1});
  for (const char* text : {"old", "Old mug", ""}) out.string(text);
  out.varint(0);  // categories
  out.fixed(9.5);
  out.fixed(std::uint8_t{0});
  out.fixed(std::int64_t{7});
  out.string("{\"a\":1}");
  Database::Impl& db = files_.database().impl();
  ASSERT_TRUE(db.db->Put({}, db.family(Family::items), "old", row).ok());
  open();
  commit({put_of(item_of("new"))});
  EXPECT_FALSE(available("old"));
  const std::vector<Item> legacy = *catalogue_->legacy_items("", 10);
  ASSERT_EQ(legacy.size(), 1U);
  EXPECT_EQ(legacy[0].title, "Old mug");
  EXPECT_EQ(legacy[0].attributes, (std::vector<Attribute>{{"", JsonText{"{\"a\":1}"}}}));
  commit({put_of(legacy[0])});
  EXPECT_TRUE(catalogue_->legacy_items("", 10)->empty());
  EXPECT_EQ(catalogue_->size(), 2U);
}

TEST_F(CatalogueTest, NewestItemsComeFirstAndOfOneTimeByName) {
  open();
  std::vector<ItemChange> changes;
  for (int i = 0; i < 5000; ++i) changes.push_back(put_of(item_of("i" + std::to_string(i), 0, true, i % 1000)));
  commit(std::move(changes));
  commit({put_of(item_of("i7", 0, true, 5000)), put_of(item_of("i8", 0, true, 5000)), availability_of("i999", false)});
  commit({put_of(item_of("i7", 0, true, 4000)), put_of(item_of("i6", 0, true, 5000))});
  commit({put_of(item_of("i7", 0, true, 5000)), removal_of("i1999")});
  Names expected{"i6", "i7", "i8", "i2999", "i3999", "i4999", "i1998"};
  for (int round = 0; round < 2; ++round) {
    const Names all = newest();
    EXPECT_EQ(all.size(), 4998U);
    EXPECT_EQ(Names(all.begin(), all.begin() + 7), expected);
    const auto first = catalogue_->newest_available(2, nullptr);
    EXPECT_EQ(catalogue_->newest_available(1, &first.back().place).front().name, "i8");
    reopen();
  }
}

TEST_F(CatalogueTest, APageBeginsAfterAName) {
  open();
  commit({put_of(item_of("a")), put_of(item_of("b")), put_of(item_of("c")), removal_of("bb")});
  EXPECT_EQ(names_after("", 2), (Names{"a", "b"}));
  commit({removal_of("b"), put_of(item_of("aa"))});
  EXPECT_EQ(names_after("b", 2), Names{"c"});
  EXPECT_TRUE(names_after("c", 2).empty());
}

/// The prices of items, as it was told.
class Prices final : public CatalogueListener {
 public:
  void put(CatalogueRow row, const Item& item) override { prices[row] = *item.price; }
  void remove(CatalogueRow row) override { EXPECT_EQ(prices.erase(row), 1U); }

  std::map<CatalogueRow, double> prices;
};

TEST_F(CatalogueTest, TheListenerKnowsEveryItem) {
  Prices first;
  open({}, &first);
  commit({put_of(item_of("mug", 1)), put_of(item_of("pan", 2)), price_of("mug", 3), removal_of("x"), removal_of("x")});
  commit({removal_of("pan")});
  click("pan", 10);
  EXPECT_EQ(first.prices, (std::map<CatalogueRow, double>{{catalogue_->row_of("mug"), 3}}));
  commit({put_of(item_of("pan", 4))});
  Prices again;
  reopen({}, &again);
  EXPECT_EQ(again.prices,
            (std::map<CatalogueRow, double>{{catalogue_->row_of("mug"), 3}, {catalogue_->row_of("pan"), 4}}));
}

TEST_F(CatalogueTest, ListsReadWhileItChanges) {
  open();
  constexpr int kItems = 3000;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> reads{0};
  std::thread reader([&] {
    std::vector<CatalogueRow> rows(kItems, kNoRow);
    for (std::size_t i = 0; !done || reads < kItems; ++i, ++reads) {
      const std::string name = "i" + std::to_string(i % kItems);
      CatalogueRow& row = rows[i % kItems];
      if (row == kNoRow) row = catalogue_->row_of(name);
      EXPECT_EQ(row, row == kNoRow ? kNoRow : catalogue_->row_of(name)) << "rows are for ever";
      if (row != kNoRow) (void)catalogue_->is_available(row);
      if (i % 100 == 0) {
        EXPECT_LE(catalogue_->newest_available(10, nullptr).size(), 10U);
      }
    }
  });
  for (int round = 0; round < 20; ++round) {
    std::vector<ItemChange> changes;
    for (int i = 0; i < kItems; ++i) {
      const std::string name = "i" + std::to_string(i);
      changes.push_back((i + round) % 5 == 0 ? removal_of(name) : put_of(item_of(name, i, (i + round) % 3 > 0, round)));
    }
    commit(std::move(changes));
  }
  done = true;
  reader.join();
  EXPECT_EQ(catalogue_->size(), kItems * 4U / 5);
}

}  // namespace
}  // namespace freshet::store
