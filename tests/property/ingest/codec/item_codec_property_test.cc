// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "base/item_json.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/codec/item_decoder.h"
#include "ingest/codec/item_encoder.h"
#include "tests/support/test_seed.h"

namespace freshet::ingest {
namespace {

using Kind = ItemChange::Kind;

constexpr int kEntries = 3000;
const VectorDimensions kVectors{{"audio", 4096}, {"image", 4096}, {"tiny", 3}};
const Timestamp kNow = timestamp_from_ms(1'800'000'000'000);

/// Entries as JSON: most are small, some are just within or beyond one of the limits.
class RandomEntries {
 public:
  explicit RandomEntries(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string entry() {
    out_ = "{";
    if (one_in(2)) member("title", text(near(kMaxTitleBytes)));
    if (one_in(2)) member("text", text(near(kMaxItemTextBytes)));
    if (one_in(3)) member("categories", list(near(kMaxCategories), [&] { return text(near(kMaxCategoryBytes)); }));
    if (one_in(2)) member("price", number());
    if (one_in(3)) member("available", one_in(2) ? "true" : "false");
    if (one_in(3)) member("ts", one_in(2) ? "\"2026-01-31T12:00:00+01:00\"" : std::to_string(below(2'000'000'000)));
    if (one_in(20)) member("attributes", "null");
    for (std::size_t left = near(one_in(4) ? kMaxAttributes : 8); left > 0; --left) member(name(left), value());
    if (one_in(2)) member("attributes", members(near(8), [&] { return value(); }));
    if (one_in(3))
      member("relations", members(near(8), [&] { return list(near(kMaxRelationTargets), [&] { return id(); }); }));
    if (one_in(3)) member("vectors", vectors());
    if (one_in(20)) fill();
    return out_ + "}";
  }

 private:
  /// As long as an item may be, or a little longer.
  void fill() {
    for (int i = 0; out_.size() < kMaxItemJsonBytes - 1000; ++i) {
      const std::size_t bytes = std::min(kMaxAttributeBytes, (kMaxItemJsonBytes - out_.size() - 100 + below(150)) / 6);
      std::string escaped = "\"";
      for (std::size_t n = 0; n < bytes; ++n) escaped += "\\u0001";
      member("f" + std::to_string(i), escaped + "\"");
    }
  }

  /// Few; of twenty times once about as many as `limit`.
  std::size_t near(std::size_t limit) {
    return one_in(20) ? limit - std::min(limit, std::size_t{2}) + below(4) : below(4);
  }

  void member(const std::string& name, const std::string& value) {
    if (out_.back() != '{') out_ += ',';
    out_ += "\"" + name + "\":" + value;
  }

  std::string name(std::size_t number) {
    if (one_in(2000)) return "";
    const std::string unique = "n" + std::to_string(number);
    return one_in(20) ? unique + std::string(near(kMaxAttributeNameBytes), 'n') : unique;
  }

  template <typename Value>
  std::string members(std::size_t count, Value value) {
    std::string out = "{";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? ",\"" : "\"") + name(1000 + i) + "\":" + value();
    return out + "}";
  }

  template <typename Value>
  std::string list(std::size_t count, Value value) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + value();
    return out + "]";
  }

  std::string text(std::size_t bytes) {
    static constexpr std::array<std::string_view, 6> kTexts{"x", "\xC3\xBC", "\\u0001", "\\\"", "[{", "\\n"};
    const std::string_view part = kTexts[below(kTexts.size())];
    std::string out = "\"";
    for (std::size_t i = 0; i < bytes; ++i) out += part;
    return out + "\"";
  }

  std::string id() {
    return one_in(2) ? text(near(kMaxIdBytes)) : std::to_string(static_cast<std::int64_t>(random_()));
  }

  std::string number() {
    switch (below(8)) {
      case 0: return std::to_string(static_cast<std::int64_t>(random_()));
      case 1: return std::to_string(random_());
      case 2:
        return (one_in(2) ? "-" : "") + std::to_string((std::uint64_t{1} << 53) - 2 + below(5)) +
               (one_in(2) ? ".0" : "");
      case 3: return std::to_string(below(100)) + "e" + std::to_string(below(300));
      case 4: return "-" + std::to_string(below(100)) + ".5e-" + std::to_string(below(330));
      case 5: return one_in(2) ? "-0" : "-0.0";
      default: return std::to_string(below(10));
    }
  }

  std::string value() {
    switch (below(9)) {
      case 0: return number();
      case 1: return text(near(kMaxAttributeBytes));
      case 2: return one_in(3) ? "null" : one_in(2) ? "true" : "false";
      case 3: return "\"2026-01-31T12:00:00.5-07:00\"";
      case 4:
        return list(one_in(4) ? kMaxAttributeBytes - 2 + below(4) : below(4),
                    [&] { return std::to_string(below(10)); });
      case 5: return list(near(8), [&] { return one_in(2) ? number() : text(near(8)); });
      case 6: {
        const std::size_t depth = one_in(2) ? 58 + below(8) : 1 + below(4);
        return std::string(depth, '[') + "true" + std::string(depth, ']');
      }
      case 7: return "{\"a\" : [" + number() + ", {\"b\":" + text(3) + "}]}";
      default: return text(below(20));
    }
  }

  std::string vectors() {
    std::string out = "{";
    for (const auto& [name, dimension] : kVectors) {
      if (one_in(2)) continue;
      const bool random = one_in(2);
      const std::string one = one_in(2) ? "9e9" : "0.1";
      const auto digits = [&] { return random ? "0." + std::to_string(random_()) : one; };
      out += (out == "{" ? "\"" : ",\"") + name + "\":" + list(dimension, digits);
    }
    return out + "}";
  }

  std::mt19937_64 random_;
  std::string out_;
};

void expect_same(const Result<ItemChange>& read, const ItemChange& change, const std::string& record) {
  ASSERT_TRUE(read) << read.error().message << "\n" << record.substr(0, 1000);
  EXPECT_EQ(*read, change) << record.substr(0, 1000);
}

TEST(ItemCodecProperty, EveryEntryThatIsAcceptedIsTheSameInTheLogAndWhenItIsSentAgain) {
  const std::uint64_t seed = testing::test_seed(1);
  RandomEntries random(seed);
  ItemDecoder decoder(kVectors);
  DecodeOptions options;
  options.vectors = kVectors;
  EventDecoder events(options);
  int accepted = 0, refused = 0;
  for (int i = 0; i < kEntries && !::testing::Test::HasFailure(); ++i) {
    const std::string entry = random.entry();
    const Kind kind = random.one_in(3) ? Kind::patch : Kind::put;
    const std::string item = random.one_in(10) ? "$item/x" : "i";
    const auto change = decoder.decode_entry(entry, kind, item);
    if (!change) {
      ++refused;
      continue;
    }
    ++accepted;
    const std::string record = encode_item_change(*change);
    expect_same(decoder.decode_state("", record), *change, record);
    const auto event = events.decode(record, {}, kNow);
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(*event->change, *change);
    if (kind == Kind::put) {
      expect_same(decoder.decode_entry(item_json(change->item), Kind::put, ""), *change, record);
    } else {
      Item whole, by_fields;
      apply(*change, whole);
      for (const ItemChange& one : split_patch(*change)) {
        const std::string part = encode_item_change(one);
        expect_same(decoder.decode_state(state_key(one), part), one, part);
        apply(one, by_fields);
      }
      EXPECT_EQ(whole, by_fields);
    }
  }
  EXPECT_GT(accepted, kEntries / 4);
  EXPECT_GT(refused, kEntries / 20);
}

}  // namespace
}  // namespace freshet::ingest
