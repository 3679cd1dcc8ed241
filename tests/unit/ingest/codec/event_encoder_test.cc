// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"

namespace freshet::ingest {
namespace {

const Timestamp kNow = timestamp_from_ms(1'700'000'000'000);

TEST(EventEncoder, WritesWhatThereIsInAFixedOrder) {
  const Event event{EventKind::interaction, "e", "u", "s", "i", "cart", kNow, 2.5F, "r", R"({"a":1})"};
  EXPECT_EQ(
      encode_event(event),
      R"({"id":"e","user":"u","session":"s","item":"i","type":"cart","ts":1700000000000,"value":2.5,"request":"r",)"
      R"("props":{"a":1}})");
}

TEST(EventEncoder, LeavesOutWhatIsEmptyOrTheDefault) {
  Event event;
  event.session = "s";
  event.item = "i";
  event.time = kNow;
  EXPECT_EQ(encode_event(event), R"({"session":"s","item":"i","type":"view","ts":1700000000000})");
}

TEST(EventEncoder, EscapesWhatJsonCannotHoldAndKeepsUtf8) {
  Event event;
  event.user = std::string("\"\\/\n\x01\0\x7F\xC3\xBC", 9);
  event.item = "\xF0\x9F\x98\x80";
  event.time = kNow;
  EXPECT_EQ(encode_event(event),
            "{\"user\":\"\\\"\\\\/\\n\\u0001\\u0000\x7F\xC3\xBC\",\"item\":\"\xF0\x9F\x98\x80\","
            "\"type\":\"view\",\"ts\":1700000000000}");
}

TEST(EventEncoder, PutsTheSenderInFrontOfWhatAClientSent) {
  EXPECT_EQ(with_sender(R"({"user":"u"})", "a/b"), R"({"$sender":"a/b","user":"u"})");
  EXPECT_EQ(with_sender("\xEF\xBB\xBF \n{ }", "a/\"b"), "\xEF\xBB\xBF \n{\"$sender\":\"a/\\\"b\" }");
  EXPECT_EQ(with_sender(R"({"user":"u"})", ""), R"({"user":"u"})");
  for (const char* other : {"", " ", "7", "[{}]", "\"{\""}) EXPECT_EQ(with_sender(other, "a/b"), other);
}

TEST(EventEncoder, AnEraseRecordDecodesToAnErase) {
  EventDecoder decoder{DecodeOptions{}};
  for (const auto& [kind, partition_only] : {std::pair(Owner::Kind::user, false), {Owner::Kind::session, true}}) {
    const auto event = decoder.decode(encode_erase({kind, "a \"b\""}, partition_only), {}, kNow);
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->kind, EventKind::erase);
    EXPECT_EQ(event->partition_only, partition_only);
    EXPECT_EQ(kind == Owner::Kind::user ? event->user : event->session, "a \"b\"");
    EXPECT_EQ(*decoder.decode(encode_event(*event), {}, kNow), *event);
  }
  EXPECT_EQ(encode_erase({Owner::Kind::user, "u"}), R"({"type":"$erase","user":"u"})");
  EXPECT_EQ(encode_erase({Owner::Kind::user, "u"}, true), R"({"type":"$erase","user":"u","$scope":"partition"})");
}

}  // namespace
}  // namespace freshet::ingest
