// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/attribute_columns.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "store/catalogue/category_path.h"
#include "store/catalogue/folded_text.h"
#include "tests/support/item_columns.h"

namespace freshet::store {
namespace {

Item item_with(std::vector<Attribute> attributes) {
  Item item = testing::item_named("i");
  item.attributes = std::move(attributes);
  return item;
}

TEST(FoldedText, LowersLettersOfTwoBytes) {
  EXPECT_EQ(folded("ABC xyz ÄÖÜß ÀÞ× ŸŽŁ"), "abc xyz äöüß àþ× ÿžł");
  EXPECT_EQ(folded("ΑΩΣ АЯЁ"), "αωσ аяё");
  EXPECT_EQ(folded("\xC3"), "\xC3");
  EXPECT_EQ(folded("\xD0"
                   "A"),
            "\xD0"
            "a");
  EXPECT_EQ(folded("İı 日本"), "İı 日本");
}

TEST(CategoryPath, LevelsAreSeparatedInThreeWays) {
  using Levels = std::vector<std::string>;
  EXPECT_EQ(category_levels("A > B"), (Levels{"a", "a > b"}));
  EXPECT_EQ(category_levels("a/b.c"), (Levels{"a", "a > b", "a > b > c"}));
  EXPECT_EQ(category_levels(" a / / b "), (Levels{"a", "a > b"}));
  EXPECT_EQ(category_levels("a>b"), (Levels{"a>b"}));
  EXPECT_EQ(category_levels("/ . > "), (Levels{}));
  EXPECT_EQ(category_levels(std::string(100, '.') + "a"), (Levels{"a"}));
  EXPECT_EQ(category_levels("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18").size(), kMaxCategoryLevels);
}

TEST(Postings, ChangeTheirFormWithTheirSize) {
  Postings rows;
  Random random(1);
  std::vector<CatalogueRow> expected;
  for (int round = 0; round < 4000; ++round) {
    // Up to 500 rows, down to none, up again.
    const bool adding = (round / 1000) % 2 == 0;
    const auto row = static_cast<CatalogueRow>(random.below(500) * 1000);
    const auto place = std::ranges::lower_bound(expected, row);
    const bool there = place != expected.end() && *place == row;
    if (adding) {
      EXPECT_EQ(rows.add(row), !there);
      if (!there) expected.insert(place, row);
    } else {
      EXPECT_EQ(rows.remove(row), there);
      if (there) expected.erase(place);
    }
    ASSERT_EQ(rows.size(), expected.size());
    ASSERT_EQ(rows.contains(row), adding);
  }
  std::vector<CatalogueRow> visited;
  rows.visit([&](CatalogueRow row) { return visited.push_back(row), true; });
  EXPECT_EQ(visited, expected);
  rows.clear();
  EXPECT_EQ(rows.memory_bytes(), 0U);
}

TEST(ValueTable, ValuesGoWithTheirLastRow) {
  ValueTable table;
  for (CatalogueRow row = 0; row < 1000; ++row) table.add(table.intern("v" + std::to_string(row)), row);
  EXPECT_EQ(table.size(), 1000U);
  for (CatalogueRow row = 0; row < 1000; row += 2) table.remove(table.find("v" + std::to_string(row)), row);
  EXPECT_EQ(table.size(), 500U);
  for (CatalogueRow row = 0; row < 1000; ++row) {
    const ValueTable::Id id = table.find("v" + std::to_string(row));
    ASSERT_EQ(id != ValueTable::kNone, row % 2 == 1);
    ASSERT_TRUE(id == ValueTable::kNone || table.rows(id).contains(row));
  }
}

TEST(SortedRows, CountsAndVisitsRanges) {
  SortedRows rows;
  Random random(2);
  std::vector<std::pair<double, CatalogueRow>> expected;
  for (CatalogueRow row = 0; row < 3000; ++row) {
    expected.emplace_back(static_cast<double>(random.below(300)), row);
    rows.insert(expected.back().first, row);
  }
  for (int removed = 0; removed < 2000; ++removed) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(expected.size()));
    rows.erase(expected[static_cast<std::size_t>(at)].first, expected[static_cast<std::size_t>(at)].second);
    expected.erase(expected.begin() + at);
  }
  std::ranges::sort(expected);
  for (int i = 0; i < 200; ++i) {
    const NumberRange range{static_cast<double>(random.below(300)), static_cast<double>(random.below(300)),
                            random.below(2) == 0, random.below(2) == 0};
    std::vector<CatalogueRow> visited, wanted;
    rows.visit(range, [&](CatalogueRow row) { return visited.push_back(row), true; });
    for (const auto& [number, row] : expected) {
      if (range.contains(number)) wanted.push_back(row);
    }
    ASSERT_EQ(visited, wanted);
    ASSERT_EQ(rows.count(range), wanted.size());
  }
}

TEST(AttributeColumns, PutReplacesWhatWasThere) {
  AttributeColumns columns;
  columns.put(3, item_with({{"brand", std::string("apple")}}));
  columns.put(3, item_with({{"brand", 5.0}}));
  const AttributeColumn* brand = columns.find("brand");
  ASSERT_NE(brand, nullptr);
  EXPECT_EQ(brand->texts.size(), 0U);
  EXPECT_EQ(brand->numbers.size(), 1U);
  EXPECT_EQ(brand->present.size(), 1U);
  EXPECT_EQ(columns.rows().size(), 1U);
  columns.remove(3);
  EXPECT_EQ(columns.find("brand"), nullptr);
  EXPECT_TRUE(columns.rows().empty());
  columns.remove(3);
}

TEST(AttributeColumns, NamesAreBoundedAndFreed) {
  AttributeColumns columns(2);
  columns.put(0, item_with({{"a", 1.0}, {"b", 1.0}, {"c", 1.0}}));
  EXPECT_NE(columns.find("b"), nullptr);
  EXPECT_EQ(columns.find("c"), nullptr);
  columns.put(0, item_with({{"c", 1.0}}));
  EXPECT_EQ(columns.find("a"), nullptr);
  EXPECT_NE(columns.find("c"), nullptr);
}

TEST(AttributeColumns, BuiltInNamesAreNotAttributes) {
  AttributeColumns columns;
  columns.put(0, item_with({{"item", 1.0}, {"price", 1.0}, {"time", 1.0}}));
  EXPECT_TRUE(columns.find("price")->present.empty());
  EXPECT_EQ(columns.find("item"), nullptr);
  EXPECT_EQ(columns.find("time"), nullptr);
}

TEST(AttributeColumns, BadValuesDoNotMatter) {
  AttributeColumns columns;
  Item item = item_with({{"long", std::string(513, 'x')}, {"nan", std::numeric_limits<double>::quiet_NaN()}});
  item.price = std::numeric_limits<double>::infinity();
  item.categories.assign(10'000, std::string(10'000, '.') + "x");
  item.relations = {{"self", std::vector<std::string>(20'000, "i")}};
  columns.put(0, item);
  EXPECT_EQ(columns.find("long")->texts.size(), 0U);
  EXPECT_EQ(columns.find("long")->present.size(), 1U);
  EXPECT_EQ(columns.find("nan")->numbers.size(), 0U);
  EXPECT_EQ(columns.find("self")->texts.size(), 1U);
  columns.remove(0);
  EXPECT_EQ(columns.find("category")->texts.size(), 0U);
}

TEST(AttributeColumns, AListLongerThanAnEntry) {
  AttributeColumns columns;
  std::vector<std::string> list;
  for (int i = 0; i < 20'000; ++i) list.push_back(std::to_string(i));
  columns.put(0, item_with({{"list", list}}));
  EXPECT_EQ(columns.find("list")->texts.size(), 20'000U);
  columns.remove(0);
  EXPECT_EQ(columns.find("list"), nullptr);
}

TEST(AttributeColumns, MemoryDoesNotGrowByPuttingAndRemoving) {
  AttributeColumns columns;
  const auto cycle = [&](int round) {
    for (CatalogueRow row = 0; row < 50; ++row) {
      const std::string name = std::to_string(round) + "-" + std::to_string(row);
      Item item = item_with({{"id", name}, {"n" + name, std::vector<std::string>{name, "x"}}, {"number", 0.5 * round}});
      item.price = 1.0 * row * round;
      item.categories = {"a/" + name + "/c"};
      columns.put(row, item);
    }
    for (CatalogueRow row = 0; row < 50; ++row) columns.remove(row);
  };
  for (int round = 0; round < 10; ++round) cycle(round);
  const std::uint64_t before = columns.memory_bytes();
  for (int round = 10; round < 1010; ++round) cycle(round);
  EXPECT_LE(columns.memory_bytes(), before + 100);
  EXPECT_EQ(columns.names().size(), std::size_t{BuiltInAttribute::count});
}

TEST(AttributeColumns, MemoryIsToldByAttribute) {
  AttributeColumns columns;
  for (CatalogueRow row = 0; row < 1000; ++row) {
    columns.put(row, item_with({{"flag", true}, {"sku", "article number " + std::to_string(row)}}));
  }
  const auto memory = columns.memory_by_attribute();
  EXPECT_EQ(memory.front().name, "sku");
  std::uint64_t sum = 0;
  for (const auto& attribute : memory) sum += attribute.bytes;
  EXPECT_LT(sum, columns.memory_bytes());
  EXPECT_LT(memory.front().bytes, 120'000U) << "a text per item is no bitmap per item";
}

TEST(AttributeColumns, AnAttributesMemorySaysWhatItsValuesAre) {
  AttributeColumns columns;
  columns.put(
      0, item_with({{"color", std::string("red")}, {"width", 3.0}, {"size", 42.0}, {"long", std::string(9000, 'x')}}));
  columns.put(1,
              item_with({{"color", std::string("Red")}, {"width", 3.0}, {"size", std::string("42")}, {"sale", true}}));
  std::map<std::string, std::pair<std::string, std::uint64_t>> found;
  for (const auto& attribute : columns.memory_by_attribute()) {
    found[attribute.name] = {std::string(attribute.type), attribute.values};
  }
  using Found = std::pair<std::string, std::uint64_t>;
  EXPECT_EQ(found["color"], Found("text", 1));
  EXPECT_EQ(found["width"], Found("number", 2));
  EXPECT_EQ(found["size"], Found("mixed", 2));
  EXPECT_EQ(found["sale"], Found("boolean", 1));
  EXPECT_EQ(found["long"], Found("unsearched", 0));
}

TEST(AttributeColumns, TitlesAreKeptFoldedWhileTheItemHasThem) {
  AttributeColumns columns;
  const auto titles = [&] { return columns.column(BuiltInAttribute::title).memory(); };
  const std::uint64_t empty = titles().bytes;
  for (CatalogueRow row = 0; row < 1000; ++row) {
    Item item = item_with({});
    item.title = "Blue MUG " + std::to_string(row);
    columns.put(row, item);
  }
  EXPECT_EQ(columns.column(BuiltInAttribute::title).row_texts.text(7), "blue mug 7");
  EXPECT_EQ(titles().type, "text");
  EXPECT_EQ(titles().values, 1000U);
  EXPECT_GT(titles().bytes, empty + 1000 * 12);
  EXPECT_LT(titles().bytes, empty + 1000 * (12 + 60));
  columns.put(7, item_with({}));
  EXPECT_EQ(columns.column(BuiltInAttribute::title).row_texts.text(7), "");
  columns.remove(8);
  EXPECT_EQ(titles().values, 998U);
}

}  // namespace
}  // namespace freshet::store
