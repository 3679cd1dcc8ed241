// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/item_json.h"
#include "ingest/codec/item_decoder.h"
#include "serve/routing/json_parser.h"

namespace freshet::serve {
namespace {

TEST(Json, IsWrittenAsItWasRead) {
  for (const char* text :
       {R"({})", R"([])", R"([[],{},[{"a":[]}]])", R"({"a":1,"b":[true,false,null],"c":{"d":"e"}})",
        R"([9.5,0.1,-3.25,1e+300,5e-324,18446744073709551615,-9223372036854775808])", R"(["\"\\\u0001\n","\u00e9"])"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(json::parse(to_text(*value)), *value) << text;
  }
  EXPECT_EQ(to_text(*parse_json(R"( { "a" : [ 1.50, -2, "x\ny" ] , "b" : null } )")),
            R"({"a":[1.5,-2,"x\ny"],"b":null})");
}

TEST(Json, TextsAreWrittenAsBoostWritesThem) {
  std::mt19937 random{1};
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 20, ' ');
    for (char& c : text) c = static_cast<char>(round % 2 == 0 ? random() % 256 : ' ' + random() % 96);
    EXPECT_EQ(to_text(json::value(text)), json::serialize(json::value(text)));
  }
}

TEST(Json, WritingInPiecesIsWritingTheWhole) {
  std::string text = "before ";
  JsonWriter out(text);
  out.open('{')
      .name("a{")
      .text("[")
      .name("b")
      .open('[')
      .text("{")
      .text(":")
      .number(std::int64_t{-1})
      .open('[')
      .close(']');
  out.open('{').close('}').open('{').name("").number(std::uint64_t{2}).close('}').raw("null").close(']');
  out.name("c").number(0.1F).close('}');
  EXPECT_EQ(text, R"(before {"a{":"[","b":["{",":",-1,[],{},{"":2},null],"c":0.1})");
}

TEST(Json, NegativeZeroStaysNegative) { EXPECT_EQ(to_text(json::array{-0.0, 0.0}), "[-0.0,0]"); }

TEST(Json, AnItemIsWrittenWithItsAttributesAsTheyWereSent) {
  Item item;
  item.item = "i\"";
  item.categories = {"a > b"};
  item.attributes = {{"big", JsonText{"12345678901234567890"}},
                     {"list", std::vector<std::string>{"x", "y"}},
                     {"new", true},
                     {"released", timestamp_from_ms(0)},
                     {"size", 2.5},
                     {"text", "t"}};
  item.vectors = {{"image", {0.5F, -1.0F}}};
  item.relations = {{"brand", {"acme"}}};
  std::string text;
  JsonWriter out(text);
  write(out, item);
  EXPECT_EQ(
      text,
      R"({"item":"i\"","title":"","text":"","categories":["a > b"],"available":true,"ts":"1970-01-01T00:00:00.000Z",)"
      R"("attributes":{"big":12345678901234567890,"list":["x","y"],"new":true,)"
      R"("released":"1970-01-01T00:00:00.000Z","size":2.5,"text":"t"},"vectors":{"image":[0.5,-1]},)"
      R"("relations":{"brand":["acme"]}})");
}

/// The bits of every number of an item.
std::vector<std::uint64_t> bits_of(const Item& item) {
  std::vector<std::uint64_t> bits{std::bit_cast<std::uint64_t>(item.price.value())};
  for (const Attribute& attribute : item.attributes) {
    bits.push_back(std::bit_cast<std::uint64_t>(std::get<double>(attribute.value)));
  }
  for (const ItemVector& vector : item.vectors) {
    for (const float number : vector.values) bits.push_back(std::bit_cast<std::uint32_t>(number));
  }
  return bits;
}

TEST(Json, AnItemThatIsReadAgainHasTheSameNumbers) {
  constexpr std::size_t kNumbers = 4096;
  std::mt19937_64 random(1);
  const auto finite_float = [&] {
    while (true) {
      const auto number = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      if (std::isfinite(number)) return number;
    }
  };
  Item item;
  item.item = "i";
  item.price = 123456789012345680000.0;
  item.attributes = {{"huge", 1e300}, {"large", 9007199254740994.0}, {"small", 5e-324}, {"zero", -0.0}};
  ingest::VectorDimensions dimensions;
  for (int n = 0; n < 7; ++n) {
    ItemVector vector{"v" + std::to_string(n), {-0.0F, 7.0385307e-26F}};
    while (vector.values.size() < kNumbers) vector.values.push_back(finite_float());
    dimensions.emplace(vector.name, kNumbers);
    item.vectors.push_back(std::move(vector));
  }
  std::string text;
  JsonWriter out(text);
  write(out, item);
  EXPECT_LE(text.size(), item_json(item).size() + 100);
  const auto read = ingest::ItemDecoder(dimensions).decode_entry(text, ItemChange::Kind::put, "");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->item, item);
  EXPECT_EQ(bits_of(read->item), bits_of(item));
}

TEST(Json, WhatIsNoNumberIsNull) {
  EXPECT_EQ(to_text(json::array{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}),
            "[null,null]");
}

}  // namespace
}  // namespace freshet::serve
