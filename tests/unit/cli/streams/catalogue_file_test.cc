// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/catalogue_file.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_directory.h"

namespace freshet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct CatalogueFileTest : ::testing::Test {
  Result<CatalogueFile> read(const std::string& text, const std::string& columns = "",
                             Dimensions dimensions = Dimensions::any) {
    const std::string path = directory.path() + "/items";
    std::ofstream(path) << text;
    return read_catalogue(path, columns, dimensions);
  }

  testing::TempDirectory directory;
};

TEST_F(CatalogueFileTest, TheHeaderNamesTheColumnsAndUnknownOnesAreAttributes) {
  const auto file =
      read("item,title,categories,price,brand,year,tags\n1,\"Mug, blue\",kitchen|gifts,9.5,acme,1995,a|b\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->items.size(), 1U);
  const Item& item = file->items[0];
  EXPECT_EQ(item.item, "1");
  EXPECT_EQ(item.title, "Mug, blue");
  EXPECT_THAT(item.categories, ElementsAre("kitchen", "gifts"));
  EXPECT_EQ(item.price, 9.5);
  EXPECT_THAT(item.attributes,
              ElementsAre(Attribute{"brand", std::string("acme")},
                          Attribute{"tags", std::vector<std::string>{"a", "b"}}, Attribute{"year", 1995.0}));
}

TEST_F(CatalogueFileTest, GivenColumnsMayBeSkippedAndHaveRelationsAndVectors) {
  const auto file = read("1\tx\tacme\t0.5 -1\n2\ty\t\t\n", "item,-,relation:brand,vector:image");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->items.size(), 2U);
  EXPECT_THAT(file->items[0].relations, ElementsAre(ItemRelation{"brand", {"acme"}}));
  EXPECT_THAT(file->items[0].vectors, ElementsAre(ItemVector{"image", {0.5F, -1.0F}}));
  EXPECT_TRUE(file->items[0].title.empty());
  EXPECT_TRUE(file->items[1].relations.empty());
}

TEST_F(CatalogueFileTest, ReadsJsonLines) {
  const auto file = read("{\"item\":\"a\",\"title\":\"Mug\",\"price\":3}\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(file->items.size(), 1U);
  EXPECT_EQ(file->items[0].title, "Mug");
}

TEST_F(CatalogueFileTest, AJsonArrayIsNotTakenForAHeader) {
  for (const char* text : {"[{\"item\":\"a\"},{\"item\":\"b\"}]", "[ {\"item\":\"a\"}]", "[\n{\"item\":\"a\"}\n]\n"}) {
    const auto file = read(text);
    ASSERT_FALSE(file) << text;
    EXPECT_THAT(file.error().message, HasSubstr("items:1: a JSON array; write each object on a line of its own"));
  }
  EXPECT_TRUE(read("[1]\tx\n", "item,title")) << "the name of an item may begin with a bracket";
}

TEST_F(CatalogueFileTest, ALongNumberIsAName) {
  const auto file = read("1\t2103807459595387724\n", "item,attribute:id");
  ASSERT_TRUE(file);
  EXPECT_THAT(file->items[0].attributes, ElementsAre(Attribute{"id", std::string("2103807459595387724")}));
}

TEST_F(CatalogueFileTest, LinesThatAreNotItemsAreSkippedAndNamed) {
  const auto file = read("1\t2\nx\n\t3\n4\tcheap\n5\t1\n", "item,price");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->items.size(), 2U);
  EXPECT_EQ(file->skipped, 3U);
  EXPECT_THAT(file->complaints,
              ElementsAre(HasSubstr(":2: 1 columns"), HasSubstr(":3: item: empty"), HasSubstr(":4: price: \"cheap\"")));
}

TEST_F(CatalogueFileTest, WhatTheServiceRefusesIsNoItem) {
  const std::string tall(kMaxAttributeBytes + 1, 'x');
  const auto file =
      read("a\t\xFF\t\t\nb\tt\t1e300\t\nc\tt\t1,2\t" + tall + "\nd\tt\t1,2\t2026-01-01T00:00:00Z\ne\tt\t1,2,3\t\n",
           "item,title,vector:v,attribute:a");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->items.size(), 2U);
  EXPECT_EQ(file->items[0].attributes, (std::vector<Attribute>{{"a", timestamp_from_ms(1'767'225'600'000)}}));
  EXPECT_THAT(file->complaints,
              ElementsAre(HasSubstr(":1: not valid UTF-8"),
                          HasSubstr(":2: vector:v: \"1e300\" is not a number that a 32-bit float can hold"),
                          HasSubstr(":3: a: 8193 bytes long, at most 8192")));
}

TEST_F(CatalogueFileTest, AVectorHasTheDimensionOfTheFirstUnlessAServiceJudges) {
  const std::string text = "{\"item\":\"a\",\"vectors\":{\"v\":[1,2]}}\n{\"item\":\"b\",\"vectors\":{\"v\":[1,2,3]}}\n";
  EXPECT_EQ(read(text)->items.size(), 2U);
  const auto file = read(text, "", Dimensions::alike);
  EXPECT_EQ(file->items.size(), 1U);
  EXPECT_THAT(file->complaints, ElementsAre(HasSubstr(":2: vectors.v: 3 numbers, expected 2")));
}

TEST_F(CatalogueFileTest, SaysWhyThereIsNone) {
  EXPECT_EQ(read("")->why_none(), "no items: the file is empty");
  EXPECT_EQ(read("{}\n[]\n")->why_none(), "no items: every line was skipped, 2 in all");
}

TEST_F(CatalogueFileTest, AWrongColumnIsNamedAndTheNearestOffered) {
  const auto file = read("1\t2\n", "item,titel");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("\"titel\" is not a column of items; did you mean \"title\"?"));
  EXPECT_THAT(read("1\t2\n", "title,price").error().message, HasSubstr("the column \"item\" is missing"));
}

}  // namespace
}  // namespace freshet::cli
