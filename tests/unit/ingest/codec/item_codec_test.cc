// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/item_json.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "ingest/codec/item_decoder.h"
#include "ingest/codec/item_encoder.h"

namespace freshet::ingest {
namespace {

using Kind = ItemChange::Kind;
using Texts = std::vector<std::string>;

const Timestamp kNow = timestamp_from_ms(1'700'000'000'000);

class ItemCodecTest : public ::testing::Test {
 protected:
  Item put(std::string_view json) {
    const auto change = decoder.decode_entry(json, Kind::put, "i");
    EXPECT_TRUE(change) << change.error().message;
    return change ? change->item : Item{};
  }

  std::string error_of(std::string_view json, Kind kind = Kind::put) {
    const auto change = decoder.decode_entry(json, kind, "i");
    EXPECT_FALSE(change) << json;
    return change ? "" : change.error().message;
  }

  ItemDecoder decoder{VectorDimensions{{"image", 3}}};
};

TEST_F(ItemCodecTest, ReadsEveryFieldOfAnEntry) {
  const Item item = put(R"({"title":"Blue mug","text":"Holds tea.","categories":["kitchen > mugs","gifts"],"price":9.5,
      "available":false,"ts":"2026-11-21T21:36:00.123Z","vectors":{"image":[1,0.5,-2e-3]},
      "relations":{"brand":"acme","accessory_of":["b","a","b"]}})");
  EXPECT_EQ(item.item, "i");
  EXPECT_EQ(item.title, "Blue mug");
  EXPECT_EQ(item.text, "Holds tea.");
  EXPECT_EQ(item.categories, (Texts{"kitchen > mugs", "gifts"}));
  EXPECT_EQ(item.price, 9.5);
  EXPECT_FALSE(item.available);
  EXPECT_EQ(format_rfc3339(item.time), "2026-11-21T21:36:00.123Z");
  EXPECT_EQ(item.vectors, (std::vector<ItemVector>{{"image", {1.0F, 0.5F, -2e-3F}}}));
  EXPECT_EQ(item.relations, (std::vector<ItemRelation>{{"accessory_of", {"a", "b"}}, {"brand", {"acme"}}}));
}

TEST_F(ItemCodecTest, GivesEachAttributeAType) {
  const Item item = put(R"({"color":"blue","attributes":{"size":2.50,"new":true,"tags":["a",7,1.5],
      "released":"2026-01-01T01:00:00+01:00","sku":12345678901234567890,"deep":{"a" : [1.0, null]},"mixed":[true],
      "gone":null,"none":[]}})");
  const std::vector<Attribute> expected{{"color", "blue"},
                                        {"deep", JsonText{R"({"a":[1.0,null]})"}},
                                        {"mixed", JsonText{"[true]"}},
                                        {"new", true},
                                        {"none", Texts{}},
                                        {"released", timestamp_from_ms(1'767'225'600'000)},
                                        {"size", 2.5},
                                        {"sku", JsonText{"12345678901234567890"}},
                                        {"tags", Texts{"a", "7", "1.5"}}};
  EXPECT_EQ(item.attributes, expected);
}

TEST_F(ItemCodecTest, AnIntegerBeyond2To53IsKeptAsItWasSent) {
  const Item item = put(R"({"a":9007199254740991,"b":9007199254740992,"c":9007199254740993,"d":-9007199254740992,
                            "e":-9007199254740993,"f":9223372036854775808,"g":9007199254740993.0})");
  const std::vector<Attribute> expected{{"a", 9007199254740991.0},
                                        {"b", 9007199254740992.0},
                                        {"c", JsonText{"9007199254740993"}},
                                        {"d", -9007199254740992.0},
                                        {"e", JsonText{"-9007199254740993"}},
                                        {"f", JsonText{"9223372036854775808"}},
                                        {"g", 9007199254740992.0}};
  EXPECT_EQ(item.attributes, expected);
}

TEST_F(ItemCodecTest, AVectorMayBe16BitFloatsInBase64) {
  const auto vectors_of = [&](const std::string& text) {
    const auto change = decoder.decode_entry(R"({"vectors":{"image":)" + text + "}}", Kind::put, "i");
    return change ? change->item.vectors : std::vector<ItemVector>();
  };
  // numpy.array([1, -2, 0.3333], "<f2")
  EXPECT_EQ(vectors_of(R"("ADwAwFU1")"), (std::vector<ItemVector>{{"image", {1.0F, -2.0F, 0.333251953125F}}}));
  EXPECT_EQ(vectors_of(R"("ADwAwFU1")"), vectors_of("[1,-2,0.333251953125]"));
}

TEST_F(ItemCodecTest, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(error_of(R"({"price":"9"})"), "price: expected a number");
  EXPECT_EQ(error_of(R"({"price":1e400})"), "not valid JSON: a number that is malformed or too large");
  EXPECT_EQ(error_of(R"({"available":"yes"})"), "available: expected true or false");
  EXPECT_EQ(error_of(R"({"title":7})"), "title: expected a string");
  EXPECT_EQ(error_of(R"({"categories":[[]]})"), "categories: expected an array of strings");
  EXPECT_EQ(error_of(R"({"categories":{}})"), "categories: expected an array of strings, or a string");
  EXPECT_EQ(error_of(R"({"ts":true})"), "ts: expected RFC 3339 text, or milliseconds or seconds since 1970");
  EXPECT_EQ(error_of(R"({"item":"other"})"), "item: \"other\" is not \"i\"");
  EXPECT_EQ(error_of(R"({"color":1,"attributes":{"color":2}})"), "attributes.color: given twice");
  EXPECT_EQ(error_of(R"({"title":"a","title":"b"})"), "title: given twice");
  EXPECT_EQ(error_of(R"({"vectors":{"image":[1,2]}})"), "vectors.image: 2 numbers, expected 3");
  EXPECT_EQ(error_of(R"({"vectors":{"image":[1,2,1e39]}})"),
            "vectors.image: expected numbers that 32-bit floats can hold");
  for (const char* packed : {"AA", "AAA", "ADw!", "AHw", "AA\u00e9A"}) {
    EXPECT_EQ(error_of(std::string(R"({"vectors":{"image":")") + packed + R"("}})").substr(0, 15), "vectors.image: ")
        << packed;
  }
  EXPECT_EQ(error_of(R"({"vectors":{"image":"ADwAPA=="}})"), "vectors.image: 2 numbers, expected 3");
  EXPECT_EQ(error_of(R"({"vectors":{"audio":[1]}})"), "vectors.audio: not declared in catalogue.vectors");
  EXPECT_EQ(error_of(R"([])"), "not a JSON object");
  EXPECT_EQ(error_of(R"({"":1,"y":2})"), "attributes: a name must not be empty");
  EXPECT_EQ(error_of(R"({"":null})"), "attributes: a name must not be empty");
  EXPECT_EQ(error_of(R"({"attributes":{"":1}})"), "attributes: a name must not be empty");
  EXPECT_EQ(error_of("{\"text\":\"" + std::string(1 << 20, 'x') + "\"}"),
            "the item's JSON: 1048587 bytes long, at most 1048576");
  EXPECT_EQ(error_of("{\"text\":\"" + std::string(70'000, 'x') + "\"}"), "text: 70000 bytes long, at most 65536");
  std::string many = "{\"categories\":[\"a\"";
  for (int i = 0; i < 10'000; ++i) many += ",\"a\"";
  EXPECT_EQ(error_of(many + "]}"), "categories: 10001 entries, at most 64");
  const auto nameless = decoder.decode_entry("{}", Kind::put, "");
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().message, "item: missing");
}

TEST_F(ItemCodecTest, NullIsAbsentInAPutAndResetsInAPatch) {
  const std::string_view nulls =
      R"({"title":null,"price":null,"available":null,"color":null,"attributes":{"size":null},"vectors":{"image":null}})";
  Item plain;
  plain.item = "i";
  EXPECT_EQ(put(nulls), plain);

  Item item = put(R"({"title":"t","text":"x","price":1,"available":false,"color":"red","size":1,"other":2,
                      "vectors":{"image":[1,2,3]}})");
  const auto patch = decoder.decode_entry(nulls, Kind::patch, "i");
  ASSERT_TRUE(patch);
  apply(*patch, item);
  EXPECT_EQ(item, put(R"({"text":"x","other":2})"));
}

TEST_F(ItemCodecTest, APatchLeavesWhatItDoesNotName) {
  Item item = put(R"({"title":"t","price":1,"color":"red","relations":{"brand":"a"}})");
  const auto patch = decoder.decode_entry(R"({"price":2,"size":"L","relations":{"series":"s"}})", Kind::patch, "i");
  ASSERT_TRUE(patch);
  apply(*patch, item);
  EXPECT_EQ(item, put(R"({"title":"t","price":2,"color":"red","size":"L","relations":{"brand":"a","series":"s"}})"));

  const auto clear = decoder.decode_entry(R"({"attributes":null,"color":"blue"})", Kind::patch, "i");
  ASSERT_TRUE(clear);
  apply(*clear, item);
  EXPECT_EQ(item.attributes, (std::vector<Attribute>{{"color", "blue"}}));
}

TEST_F(ItemCodecTest, RecordsAreDecodedToTheChangesThatTheyWereEncodedFrom) {
  for (const auto& [kind, json] : {std::pair(Kind::put, R"({"title":"\u0001\"","price":-0.1,"available":false,"a":1e300,
                                                            "vectors":{"image":[0.1,3e38,1e-45]},"l":["x"],"n":[]})"),
                                   {Kind::patch, R"({"title":"","price":null,"available":true,"attributes":null,"a":"b",
                                                     "relations":{"brand":[],"to":["x"]},"vectors":{"image":null}})"},
                                   {Kind::put, "{}"},
                                   {Kind::patch, "{}"}}) {
    const auto change = decoder.decode_entry(json, kind, "$i");
    ASSERT_TRUE(change) << change.error().message;
    const auto again = decoder.decode_state(state_key(*change), encode_item_change(*change));
    ASSERT_TRUE(again) << encode_item_change(*change) << ": " << again.error().message;
    EXPECT_EQ(*again, *change) << encode_item_change(*change);
  }
}

TEST_F(ItemCodecTest, AnEntryIsDecodedToTheItemThatItWasEncodedFrom) {
  const Item item = put(R"({"title":"t","price":2,"available":false,"color":"red","relations":{"brand":"a"}})");
  EXPECT_EQ(item_json(item), R"({"item":"i","title":"t","price":2,"available":false,)"
                             R"("attributes":{"color":"red"},"relations":{"brand":["a"]}})");
  const auto again = decoder.decode_entry(item_json(item), Kind::put, "");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->item, item);
}

TEST_F(ItemCodecTest, WhatAnItemBecomesInTheLogHasRoomThere) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(put(nested(60)).attributes.size(), 1U);
  EXPECT_EQ(error_of(nested(61)), "a: nested 61 deep, at most 60");
  EXPECT_EQ(error_of(R"({"a":[["\\\"[",{"b":[)" + std::string(62, '[') + std::string(62, ']') + "]}]]}"),
            "not valid JSON: nested too deeply");

  std::string lists;
  for (int i = 0; i < 20; ++i) {
    lists += (i == 0 ? "{" : ",") + ("\"l" + std::to_string(i) + "\":[1");
    for (int n = 1; n < 8192; ++n) lists += ",1";
    lists += "]";
  }
  EXPECT_TRUE(error_of(lists + "}").starts_with("the item's JSON: 655"));

  ItemDecoder wide(VectorDimensions{{"image", 4096}, {"text", 4096}});
  std::string numbers = "0.1";
  for (int n = 1; n < 4096; ++n) numbers += ",0.1";
  const auto change = wide.decode_entry("{\"vectors\":{\"image\":[" + numbers + "]}}", Kind::put, "i");
  ASSERT_TRUE(change);
  EXPECT_EQ(item_json(change->item), "{\"item\":\"i\",\"vectors\":{\"image\":[" + numbers + "]}}");
}

TEST_F(ItemCodecTest, TheStateTopicTakesRecordsPlainEntriesAndTombstones) {
  const auto entry = decoder.decode_state("i1", R"({"type":"shoe","price":5})");
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->kind, Kind::put);
  EXPECT_EQ(entry->item.item, "i1");
  EXPECT_EQ(entry->item.attributes, (std::vector<Attribute>{{"type", "shoe"}}));

  const auto removed = decoder.decode_state("i1", "");
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->kind, Kind::remove);
  EXPECT_EQ(removed->item.item, "i1");
  EXPECT_EQ(decoder.decode_state("$item/$x", "")->item.item, "$x");

  EXPECT_FALSE(decoder.decode_state("", ""));
  EXPECT_FALSE(decoder.decode_state("$rule/r", ""));
  EXPECT_FALSE(decoder.decode_state("\xFF", ""));
  EXPECT_EQ(decoder.decode_state("i1", R"({"item":"i2"})").error().message, "item: \"i2\" is not \"i1\"");
  EXPECT_EQ(decoder.decode_state("i1", R"({"type":"$item","op":"put","item":"i2"})").error().message,
            "item: \"i2\" is not \"i1\"");
  EXPECT_EQ(decoder.decode_state("i1", R"({"type":"$item","item":"i1"})").error().message,
            "op: expected \"put\", \"patch\" or \"delete\"");
}

TEST_F(ItemCodecTest, EachFieldOfAPatchHasAKeyOfItsOwn) {
  const auto patch = decoder.decode_entry(
      R"({"price":1,"title":"t","attributes":{"a/b":1,"a":2},"vectors":{"image":[1,2,3]},"relations":null})",
      Kind::patch, "b/c");
  ASSERT_TRUE(patch);
  std::set<std::string> keys;
  Item whole, by_fields;
  apply(*patch, whole);
  for (const ItemChange& one : split_patch(*patch)) {
    EXPECT_TRUE(keys.insert(state_key(one)).second) << state_key(one);
    EXPECT_EQ(item_of_state_key(state_key(one)), "");
    apply(one, by_fields);
  }
  EXPECT_EQ(keys.size(), 6U);
  EXPECT_EQ(by_fields, whole);
}

TEST_F(ItemCodecTest, AnItemRecordAmongTheEventsIsAnEventOfItsOwnKind) {
  DecodeOptions options;
  options.vectors = {{"image", 3}};
  EventDecoder events{options};
  const std::string_view record = R"({"type":"$item","op":"patch","item":42,"fields":{"price":3}})";
  const auto event = events.decode(record, {}, kNow);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->kind, EventKind::item);
  EXPECT_EQ(event->item, "42");
  EXPECT_EQ(event->time, kNow);
  EXPECT_EQ(event->change->kind, Kind::patch);
  EXPECT_EQ(event->change->item.price, 3.0);
  EXPECT_EQ(*events.decode(encode_event(*event), {}, kNow), *event);

  EXPECT_EQ(events.decode(R"({"type":"$item","op":"put","fields":{}})", {}, kNow).error().message, "item: missing");
  EXPECT_EQ(events.decode(R"({"type":"$item","op":"put","item":"i","fields":{"price":[]}})", {}, kNow).error().message,
            "price: expected a number");
}

TEST_F(ItemCodecTest, AnItemMayHaveALongerRecordThanAnEvent) {
  DecodeOptions options;
  options.max_record_bytes = 1000;
  EventDecoder events{options};
  const std::string text(2000, 'x');
  EXPECT_TRUE(events.decode(R"({"type":"$item","op":"put","item":"i","fields":{"text":")" + text + "\"}}", {}, kNow));
  const auto event = events.decode(R"({"user":"$item","item":"i","new":")" + text + "\"}", {}, kNow);
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().message, "record: 2036 bytes long, at most 1000");
  const std::string longest(kMaxItemRecordBytes, 'x');
  EXPECT_EQ(events.decode(R"({"type":"$item","op":"put","item":"i","fields":{"text":")" + longest + "\"}}", {}, kNow)
                .error()
                .message,
            "record: 1048635 bytes long, at most 1048576");
}

}  // namespace
}  // namespace freshet::ingest
