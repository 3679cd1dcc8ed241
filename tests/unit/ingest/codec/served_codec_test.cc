// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "tests/support/served_lists.h"

namespace freshet::ingest {
namespace {

using freshet::testing::served_record;

const Timestamp kNow = timestamp_from_ms(1'700'000'000'000);
const Owner kUser{Owner::Kind::user, "u1"};

Event full_record() {
  Event event =
      served_record(0, {Owner::Kind::session, "s 1"}, "5f1c2a90be7d4e13", {"i42", "i7", "\"x\""}, to_ms(kNow)).event;
  ServedList list = *event.served;
  list.page_of = "0123456789abcdef";
  list.placement = "home";
  list.arm = "a";
  list.policy = "softmax";
  list.entries[2].propensity = 0.25F;
  event.served = SharedServedList(std::move(list));
  return event;
}

std::string refusal(const std::string& text) {
  const auto event = EventDecoder({}).decode(text, {}, kNow);
  EXPECT_FALSE(event) << text;
  return event ? "" : event.error().message;
}

TEST(ServedCodec, ARecordIsCompactAndDecodesToTheSameList) {
  const Event event = full_record();
  const std::string text = encode_event(event);
  EXPECT_EQ(text,
            R"({"$served":{"request":"5f1c2a90be7d4e13","time":1700000000000,"session":"s 1","placement":"home",)"
            R"("arm":"a","policy":"softmax","model":17,"page_of":"0123456789abcdef","items":["i42","i7","\"x\""],)"
            R"("scores":[9.5,8.5,7.5],"explored":{"3":0.25}}})");
  const auto decoded = EventDecoder({}).decode(text, {}, kNow);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, event);
}

TEST(ServedCodec, DefaultsAreLeftOut) {
  EXPECT_EQ(encode_event(served_record(0, kUser, "r", {"a"}, to_ms(kNow)).event),
            R"({"$served":{"request":"r","time":1700000000000,"user":"u1","policy":"greedy","model":17,"items":["a"],)"
            R"("scores":[9.5]}})");
}

TEST(ServedCodec, AnItemTakesNoMoreThan24Bytes) {
  std::vector<std::string> items;
  for (int i = 0; i < 100; ++i) items.push_back("item-123456-" + std::to_string(10 + i % 90));
  Event event = served_record(0, kUser, "5f1c2a90be7d4e13", items, to_ms(kNow)).event;
  ServedList list = *event.served;
  for (std::size_t i = 0; i < items.size(); ++i) {
    list.entries[i].score = rounded_score(-7.0F + 0.1234567F * static_cast<float>(i));
  }
  event.served = SharedServedList(list);
  const std::size_t whole = encode_event(event).size();
  list.entries.resize(50);
  event.served = SharedServedList(std::move(list));
  EXPECT_EQ(items.front().size(), 14U);
  EXPECT_LE(static_cast<double>(whole - encode_event(event).size()) / 50, 24);
}

TEST(ServedCodec, UnknownMembersAreIgnoredAndNullIsAbsent) {
  const auto event = EventDecoder({}).decode(
      R"({"$sender":"k/1","$served":{"new":{"a":[1]},"request":7,"time":"2023-11-14T22:13:20Z","user":"u1","session":null,)"
      R"("items":[1,"b"],"scores":[1,0.5]},"unknown":1})",
      {}, kNow);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->kind, EventKind::served);
  EXPECT_EQ(event->user, "u1");
  EXPECT_EQ(event->time, kNow);
  EXPECT_EQ(event->sender, "");
  EXPECT_EQ(event->served->request, "7");
  EXPECT_EQ(event->served->placement, "default");
  EXPECT_EQ(event->served->entries, (std::vector<ServedList::Entry>{{"1", 1}, {"b", 0.5F}}));
}

TEST(ServedCodec, WhatIsWrongIsNamed) {
  const auto with = [](const std::string& members) {
    return refusal(R"({"$served":{"request":"r","time":1700000000000,)" + members + "}}");
  };
  EXPECT_EQ(refusal(R"({"$served":7})"), "$served: expected an object");
  EXPECT_EQ(refusal(R"({"$served":{}})"), "request: missing");
  EXPECT_EQ(refusal(R"({"$served":{},"item":"i"})"), "$served: expected no other member of an event");
  EXPECT_EQ(refusal(R"({"$served":{},"$served":{}})"), "$served: given twice");
  EXPECT_EQ(with(R"("user":"u","scores":[])"), "items: missing");
  EXPECT_EQ(with(R"("items":["a"],"scores":[1])"), "user: missing (and no session)");
  EXPECT_EQ(with(R"("user":"u","session":"s","items":["a"],"scores":[1])"),
            "session: a list is for a user or a session, not both");
  EXPECT_EQ(with(R"("user":"u","user":"v","items":["a"],"scores":[1])"), "user: given twice");
  EXPECT_EQ(with(R"("user":"u","items":[],"scores":[])"), "items: must not be empty");
  EXPECT_EQ(with(R"("user":"u","items":["a",{}],"scores":[1])"), "items: expected a string or an integer");
  EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":[1,2])"), "scores: more than there are items");
  EXPECT_EQ(with(R"("user":"u","items":["a","b"],"scores":[1])"), "scores: fewer than there are items");
  EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":["1"])"), "scores: expected numbers");
  EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":[1e200])"), "scores: too large for a 32-bit float");
  EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":[1],"placement":"Home")"),
            "placement: expected lower-case letters, digits, '-' and '_'");
  EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":[1],"model":-1)"), "model: expected an integer from 0");
  for (const char* explored : {R"({"0":0.5})", R"({"2":0.5})", R"({"01":0.5})", R"({"x":0.5})", R"({"":0.5})"}) {
    EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":[1],"explored":)" + std::string(explored)),
              "explored: expected positions of the list, from 1, in rising order");
  }
  for (const char* chance : {"0", "1.01", "-0.5", "\"a\"", "1e-200"}) {
    EXPECT_EQ(with(R"("user":"u","items":["a"],"scores":[1],"explored":{"1":)" + std::string(chance) + "}"),
              "explored: expected probabilities above 0 and at most 1");
  }
  EXPECT_EQ(
      refusal(R"({"$served":{"request":"r","time":4000000000000,"user":"u","items":["a"],"scores":[1]}})").substr(0, 6),
      "time: ");
}

TEST(ServedCodec, AListMayBeLongerThanAnEvent) {
  std::vector<std::string> items;
  for (int i = 0; i < 10'000; ++i) items.push_back("item-number-" + std::to_string(i));
  Event event = served_record(0, kUser, "r", items, to_ms(kNow)).event;
  EXPECT_GT(encode_event(event).size(), DecodeOptions{}.max_record_bytes);
  EXPECT_TRUE(EventDecoder({}).decode(encode_event(event), {}, kNow));
  items.emplace_back("one more");
  event = served_record(0, kUser, "r", items, to_ms(kNow)).event;
  EXPECT_EQ(refusal(encode_event(event)), "items: more than 10000 entries");
}

TEST(ServedCodec, ScoresHaveThreeDigits) {
  EXPECT_EQ(rounded_score(3.14159F), 3.14F);
  EXPECT_EQ(rounded_score(-0.0123456F), -0.0123F);
  EXPECT_EQ(rounded_score(123456.0F), 123000.0F);
  EXPECT_FALSE(std::signbit(rounded_score(-0.0F)));
  EXPECT_EQ(rounded_score(std::numeric_limits<float>::quiet_NaN()), 0.0F);
}

}  // namespace
}  // namespace freshet::ingest
