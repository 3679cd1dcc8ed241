// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace freshet::ingest {
namespace {

const Timestamp kArrival = *parse_rfc3339("2026-11-21T12:00:00Z");

Result<Event> decode(std::string_view value, const RecordHeaders& headers = {}, const DecodeOptions& options = {}) {
  return EventDecoder(options).decode(value, headers, kArrival);
}

std::string error_of(std::string_view value, const RecordHeaders& headers = {}) {
  const auto event = decode(value, headers);
  if (event) return "accepted";
  EXPECT_EQ(event.error().code, Errc::invalid);
  return event.error().message;
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(EventDecoder, PutsPseudonymsInThePlaceOfIds) {
  const Pseudonyms pseudonyms("a key of the operator");
  DecodeOptions options;
  options.pseudonyms = pseudonyms;
  const auto event = decode(R"({"user":"u1","session":"s1","item":"i"})", {}, options);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->user, pseudonyms.of(Owner::Kind::user, "u1"));
  EXPECT_EQ(event->session, pseudonyms.of(Owner::Kind::session, "s1"));
  const auto erase = decode(encode_erase({Owner::Kind::user, "u1"}), {}, options);
  ASSERT_TRUE(erase);
  EXPECT_EQ(erase->user, event->user);
}

TEST(EventDecoder, ReadsEveryField) {
  const auto event =
      decode(R"({"id":"e1","user":"u1","session":"s1","item":"i42","type":"cart","ts":"2026-11-21T11:36:00.123Z",)"
             R"("value":2.5,"request":"r9","props":{"page":"home", "pos":3}})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(*event, (Event{EventKind::interaction, "e1", "u1", "s1", "i42", "cart",
                           *parse_rfc3339("2026-11-21T11:36:00.123Z"), 2.5F, "r9", R"({"page":"home","pos":3})"}));
}

TEST(EventDecoder, FillsInWhatIsMissing) {
  const auto event = decode(R"({"user":"u","item":"i"})");
  ASSERT_TRUE(event);
  Event expected;
  expected.user = "u";
  expected.item = "i";
  expected.type = "view";
  expected.time = kArrival;
  expected.value = 1.0F;
  EXPECT_EQ(*event, expected);
}

TEST(EventDecoder, TakesNullAsAbsent) {
  const auto event = decode(
      R"({"id":null,"user":"u","session":null,"item":"i","type":null,"ts":null,"value":null,"request":null,"props":null})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(*event, *decode(R"({"user":"u","item":"i"})"));
}

TEST(EventDecoder, IgnoresUnknownFieldsOfAnyShape) {
  EXPECT_TRUE(decode(R"({"user":"u","item":"i","future":{"deep":[1,{"a":null}]},"x":true,"":0})"));
}

TEST(EventDecoder, TakesIntegerIdsAsTheirDecimalText) {
  const auto event = decode(R"({"user":-12,"session":0,"item":18446744073709551615,"id":7,"request":8})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->user, "-12");
  EXPECT_EQ(event->session, "0");
  EXPECT_EQ(event->item, "18446744073709551615");
  EXPECT_EQ(event->id, "7");
  EXPECT_EQ(event->request, "8");
}

TEST(EventDecoder, NeedsOnlyOneOfUserAndSession) {
  EXPECT_EQ(decode(R"({"session":"s","item":"i"})")->user, "");
  EXPECT_EQ(decode(R"({"user":"u","item":"i"})")->session, "");
}

TEST(EventDecoder, UnescapesNamesAndValues) {
  const auto event = decode(R"({"us\u0065r":"\u00fc\ud83d\ude00\n\"\\\u0000","item":"i"})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->user, std::string("\xC3\xBC\xF0\x9F\x98\x80\n\"\\\0", 10));
}

TEST(EventDecoder, SkipsAByteOrderMark) { EXPECT_TRUE(decode("\xEF\xBB\xBF{\"user\":\"u\",\"item\":\"i\"}")); }

struct TimeCase {
  const char* ts;
  std::int64_t ms;
};

class EventDecoderTimes : public ::testing::TestWithParam<TimeCase> {};

TEST_P(EventDecoderTimes, AreRead) {
  const auto event = decode(std::string(R"({"user":"u","item":"i","ts":)") + GetParam().ts + "}");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(to_ms(event->time), GetParam().ms);
}

INSTANTIATE_TEST_SUITE_P(All, EventDecoderTimes,
                         ::testing::Values(TimeCase{"0", 0}, TimeCase{"1700000000123", 1'700'000'000'123},
                                           TimeCase{"1700000000", 1'700'000'000'000},
                                           TimeCase{"1700000000.25", 1'700'000'000'250},
                                           TimeCase{"100000000000", 100'000'000'000},
                                           TimeCase{"\"1970-01-01T00:00:00Z\"", 0},
                                           TimeCase{"\"2014-04-01T12:00:00+02:00\"", 1'396'346'400'000},
                                           TimeCase{"\"2014-04-01t10:00:00.5z\"", 1'396'346'400'500},
                                           TimeCase{"\"2014-04-01T10:00:00.123456789Z\"", 1'396'346'400'123}));

TEST(EventDecoder, TakesConsentForGivenUnlessItIsFalse) {
  EXPECT_TRUE(decode(R"({"user":"u","item":"i"})")->consent);
  EXPECT_TRUE(decode(R"({"user":"u","item":"i","consent":null})")->consent);
  EXPECT_TRUE(decode(R"({"user":"u","item":"i","consent":true})")->consent);
  EXPECT_FALSE(decode(R"({"user":"u","item":"i","consent":false})")->consent);
}

TEST(EventDecoder, AcceptsAnEventUpToTheSkewFromTheFuture) {
  DecodeOptions options;
  options.max_future_skew = std::chrono::seconds(60);
  const auto at = [&](std::int64_t ms_after_arrival) {
    return decode(R"({"user":"u","item":"i","ts":)" + std::to_string(to_ms(kArrival) + ms_after_arrival) + "}", {},
                  options);
  };
  EXPECT_TRUE(at(60'000));
  ASSERT_FALSE(at(60'001));
  EXPECT_EQ(at(60'001).error().message,
            "ts: 2026-11-21T12:01:00.001Z is more than 60 s after arrival at 2026-11-21T12:00:00.000Z");
}

TEST(EventDecoder, AcceptsTheLongestIdsAndProps) {
  const std::string id(kMaxIdBytes, 'x');
  EXPECT_TRUE(decode(R"({"user":")" + id + R"(","item":"i"})"));
  const std::string props = R"({"a":")" + std::string(kMaxPropsBytes - 8, 'x') + R"("})";
  ASSERT_EQ(props.size(), kMaxPropsBytes);
  const auto event = decode(R"({"user":"u","item":"i","props": )" + props + " }");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->props, props);
}

TEST(EventDecoder, TakesAnyTypeThatIsNotItsOwn) {
  EXPECT_EQ(decode(R"({"user":"u","item":"i","type":"checkin"})")->type, "checkin");
  EXPECT_EQ(error_of(R"({"user":"u","item":"i","type":"$mine"})"),
            R"(type: "$mine" begins with '$', which is freshet's own)");
}

TEST(EventDecoder, KeepsOnlyTheTypesThatAreListed) {
  DecodeOptions options;
  options.types = {"listen", "skip"};
  EXPECT_TRUE(decode(R"({"user":"u","item":"i","type":"skip"})", {}, options));
  EXPECT_EQ(decode(R"({"user":"u","item":"i"})", {}, options).error().message,
            "type: \"view\" is not one of listen, skip");

  const EventDecoder decoder(options);
  EXPECT_TRUE(decoder.check_type("skip"));
  EXPECT_EQ(decoder.check_type("view").error().message, "type: \"view\" is not one of listen, skip");
  EXPECT_EQ(decoder.check_type("$item").error().message, "type: \"$item\" begins with '$', which is freshet's own");
  EXPECT_EQ(decoder.check_type(std::string(600, 'x')).error().message, "type: 600 bytes long, at most 512");
  EXPECT_EQ(decoder.check_type("\xff").error().message, "type: not valid UTF-8");
}

struct BadCase {
  std::string value;
  std::string message;
};

class EventDecoderErrors : public ::testing::TestWithParam<BadCase> {};

TEST_P(EventDecoderErrors, NameTheFieldAndWhatWasExpected) {
  EXPECT_EQ(error_of(GetParam().value), GetParam().message);
}

std::string with(std::string_view member) { return R"({"user":"u","item":"i",)" + std::string(member) + "}"; }

INSTANTIATE_TEST_SUITE_P(
    Json, EventDecoderErrors,
    ::testing::Values(
        BadCase{"", "the record is empty"}, BadCase{"   ", "the record is empty"},
        BadCase{"\xEF\xBB\xBF", "the record is empty"}, BadCase{"{broken", "not valid JSON"},
        BadCase{R"({"user":"u","item":"i"} trailing)", "not valid JSON"},
        BadCase{R"({"user":"u","item":"i"}{})", "not valid JSON"},
        BadCase{R"({"user":"u","item":"i",})", "not valid JSON"},
        BadCase{R"({"user":"u","item":"i)", "not valid JSON: a string does not end"},
        BadCase{"{\"user\":\"u\xFF\",\"item\":\"i\"}", "not valid UTF-8"},
        BadCase{"{\"user\":\"u\n\",\"item\":\"i\"}", "not valid JSON: an unescaped control character in a string"},
        BadCase{R"({"user":"\ud800","item":"i"})", "not valid JSON: a malformed escape in a string"},
        BadCase{R"({"user":"\x","item":"i"})", "not valid JSON: a malformed escape in a string"},
        BadCase{with(R"("value":1e400)"), "not valid JSON: a number that is malformed or too large"},
        BadCase{with(R"("value":01)"), "not valid JSON: a number that is malformed or too large"},
        BadCase{with(R"("item":18446744073709551616)"), "not valid JSON: a number that is malformed or too large"},
        BadCase{with(R"("value":NaN)"), "not valid JSON"},
        BadCase{with("\"x\":" + repeat("[", 100) + repeat("]", 100)), "not valid JSON: nested too deeply"},
        BadCase{"[]", "not a JSON object"}, BadCase{"7", "not a JSON object"}, BadCase{"\"text\"", "not a JSON object"},
        BadCase{"null", "not a JSON object"},
        BadCase{with("\"x\":\"" + std::string(70'000, 'x') + "\""), "record: 70030 bytes long, at most 65536"}));

INSTANTIATE_TEST_SUITE_P(
    Fields, EventDecoderErrors,
    ::testing::Values(
        BadCase{"{}", "user: missing (and no session)"}, BadCase{R"({"item":"i"})", "user: missing (and no session)"},
        BadCase{R"({"user":"u"})", "item: missing"}, BadCase{R"({"user":"u","item":null})", "item: missing"},
        BadCase{R"({"user":"u","item":""})", "item: must not be empty"},
        BadCase{R"({"user":"","session":"s","item":"i"})", "user: must not be empty"},
        BadCase{R"({"user":"u","item":1.5})", "item: expected a string or an integer"},
        BadCase{R"({"user":true,"item":"i"})", "user: expected a string or an integer"},
        BadCase{R"({"user":["u"],"item":"i"})", "user: expected a string or an integer"},
        BadCase{with(R"("session":{})"), "session: expected a string or an integer"},
        BadCase{with(R"("id":false)"), "id: expected a string or an integer"},
        BadCase{with(R"("request":"")"), "request: must not be empty"},
        BadCase{with("\"id\":\"" + std::string(513, 'x') + "\""), "id: 513 bytes long, at most 512"},
        BadCase{with("\"session\":\"" + repeat("\xC3\xBC", 257) + "\""), "session: 514 bytes long, at most 512"},
        BadCase{with(R"("user":"v")"), "user: given twice"}, BadCase{with(R"("item":null)"), "item: given twice"},
        BadCase{with(R"("value":"1")"), "value: expected a number"},
        BadCase{with(R"("value":1e39)"), "value: too large for a 32-bit float"},
        BadCase{with(R"("value":-3.5e38)"), "value: too large for a 32-bit float"},
        BadCase{with(R"("consent":"false")"), "consent: expected true or false"},
        BadCase{with(R"("consent":0)"), "consent: expected true or false"},
        BadCase{with(R"("props":[])"), "props: expected an object"},
        BadCase{with(R"("props":"{}")"), "props: expected an object"},
        BadCase{with("\"props\":{\"a\":\"" + std::string(8192, 'x') + "\"}"), "props: 8200 bytes long, at most 8192"},
        BadCase{with(R"("type":"")"), "type: must not be empty"},
        BadCase{with(R"("type":3)"), "type: expected a string"},
        BadCase{with("\"type\":\"$" + repeat("\xC3\xBC", 60) + "\""),
                "type: \"$" + repeat("\xC3\xBC", 31) + "...\" begins with '$', which is freshet's own"}));

INSTANTIATE_TEST_SUITE_P(
    Times, EventDecoderErrors,
    ::testing::Values(
        BadCase{with(R"("ts":-1)"), "ts: outside of the years 1970 to 9999"},
        BadCase{with(R"("ts":253402300800000)"), "ts: outside of the years 1970 to 9999"},
        BadCase{with(R"("ts":18446744073709551615)"), "ts: outside of the years 1970 to 9999"},
        BadCase{with(R"("ts":true)"), "ts: expected RFC 3339 text, or milliseconds or seconds since 1970"},
        BadCase{with(R"("ts":{})"), "ts: expected RFC 3339 text, or milliseconds or seconds since 1970"},
        BadCase{with(R"("ts":"yesterday")"),
                R"(ts: "yesterday" is not an RFC 3339 time between the years 1970 and 9999)"},
        BadCase{with(R"("ts":"1969-12-31T23:59:59Z")"),
                R"(ts: "1969-12-31T23:59:59Z" is not an RFC 3339 time between the years 1970 and 9999)"},
        BadCase{with(R"("ts":"9999-12-31T23:59:59-01:00")"),
                R"(ts: "9999-12-31T23:59:59-01:00" is not an RFC 3339 time between the years 1970 and 9999)"},
        BadCase{with(R"("ts":253402300799999)"),
                "ts: 9999-12-31T23:59:59.999Z is more than 300 s after arrival at 2026-11-21T12:00:00.000Z"},
        BadCase{R"({"type":"$erase","user":"u","ts":4102444800000})",
                "ts: 2100-01-01T00:00:00.000Z is more than 300 s after arrival at 2026-11-21T12:00:00.000Z"}));

TEST(EventDecoder, TakesZeroAndNegativeAndLargeFiniteValues) {
  EXPECT_EQ(decode(with(R"("value":0)"))->value, 0.0F);
  EXPECT_EQ(decode(with(R"("value":-2)"))->value, -2.0F);
  EXPECT_EQ(decode(with(R"("value":3.4028234663852886e38)"))->value, std::numeric_limits<float>::max());
  EXPECT_EQ(decode(with(R"("value":18446744073709551615)"))->value, 18446744073709551615.0F);
  EXPECT_EQ(decode(with(R"("value":1e-300)"))->value, 0.0F);
}

TEST(EventDecoder, PropsAreKeptAsTheyWereWritten) {
  const auto props_of = [](const std::string& text) {
    const auto event = decode(text);
    return event ? event->props : event.error().message;
  };
  const std::string written = R"({"n":12345678901234567890.0,"a":1,"a":2,"e":1E+2,"t":"\u00e9 \"}{,: \\","l":[1,{}]})";
  EXPECT_EQ(props_of(R"({"user":"u","item":"i","props":)" + written + "}"), written);
  EXPECT_EQ(props_of(R"({"props":)" + written + R"(,"user":"u","item":"i"})"), written);
  EXPECT_EQ(props_of(R"({"x":{"props":{"no":1}},"user":"u","pr\u006fps" : { "a" : [ 1 , 2 ] } ,"item":"i"})"),
            R"({"a":[1,2]})");
  EXPECT_EQ(props_of("\xEF\xBB\xBF"
                     R"( {"user":"u","item":"i","props":{"a" : "b c"}} )"),
            R"({"a":"b c"})");
  EXPECT_EQ(props_of(R"({"id":"1","source":"/s","data":{"user":"u","props":)" + written +
                     R"(,"item":"i"},"specversion":"1.0"})"),
            written);
}

TEST(EventDecoder, ReadsAnEraseRecord) {
  const auto user = decode(R"({"type":"$erase","user":"u"})");
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_EQ(user->kind, EventKind::erase);
  EXPECT_EQ(user->user, "u");
  EXPECT_EQ(user->session, "");
  EXPECT_EQ(user->time, kArrival);
  const auto session = decode(R"({"type":"$erase","session":"s","item":"ignored"})");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->kind, EventKind::erase);
  EXPECT_EQ(session->session, "s");
  EXPECT_EQ(session->item, "");
  EXPECT_FALSE(session->partition_only);
  EXPECT_TRUE(decode(R"({"type":"$erase","user":"u","$scope":"partition"})")->partition_only);
  EXPECT_FALSE(decode(R"({"item":"i","user":"u","$scope":"partition"})")->partition_only) << "of erase records only";
  EXPECT_TRUE(decode(R"({"item":"i","user":"u","$scope":"everything"})")) << "a field that freshet does not know there";
  EXPECT_EQ(error_of(R"({"type":"$erase","user":"u","$scope":"everything"})"), R"($scope: expected "partition")");
  EXPECT_EQ(error_of(R"({"type":"$erase"})"), "user: missing (and no session)");
  EXPECT_EQ(error_of(R"({"type":"$other","user":"u","item":"i"})"),
            R"(type: "$other" begins with '$', which is freshet's own)");
}

TEST(EventDecoder, TheSenderIsAMemberOfTheRecordItself) {
  EXPECT_EQ(decode(R"({"$sender":"shop/1","user":"u","item":"i"})")->sender, "shop/1");
  EXPECT_EQ(decode(R"({"user":"u","item":"i"})")->sender, "");
  const std::string cloud =
      R"("specversion":"1.0","id":"1","source":"s","data":{"user":"u","item":"i","$sender":"no"}})";
  EXPECT_EQ(decode("{" + cloud)->sender, "");
  EXPECT_EQ(decode(R"({"$sender":"shop/1",)" + cloud)->sender, "shop/1");
  EXPECT_EQ(decode(R"({"$sender":"a/1","user":"u","item":"i","$sender":"b/1"})").error().message,
            "$sender: freshet adds it to each event, and it is there already");
  EXPECT_EQ(decode(R"({"$sender":7,"user":"u","item":"i"})").error().message, "$sender: expected a string");
  EXPECT_EQ(decode(R"({"$sender":")" + std::string(129, 's') + R"(","user":"u","item":"i"})").error().message,
            "$sender: 129 bytes long, at most 128");
}

TEST(EventDecoder, StaysUsableAfterABadRecord) {
  EventDecoder decoder{DecodeOptions{}};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(decoder.decode("{\"user\":", {}, kArrival));
    EXPECT_EQ(decoder.decode(R"({"user":"u","item":"i"})", {}, kArrival)->item, "i");
  }
}

constexpr const char* kStructured =
    R"({"specversion":"1.0","id":"42","source":"/shop","type":"com.shop.click","subject":"x","time":"2026-11-20T08:00:00Z",)"
    R"("datacontenttype":"application/json","data":{"user":"u","item":"i","type":"click"}})";

TEST(CloudEvents, StructuredModeTakesIdAndTimeFromTheEnvelope) {
  const auto event = decode(kStructured);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->id, "/shop/42");
  EXPECT_EQ(event->type, "click");
  EXPECT_EQ(event->user, "u");
  EXPECT_EQ(event->item, "i");
  EXPECT_EQ(event->time, *parse_rfc3339("2026-11-20T08:00:00Z"));
}

TEST(CloudEvents, WhatTheEventSaysItselfWins) {
  const auto event =
      decode(R"({"specversion":"1.0","id":"42","source":"/shop","type":"t","time":"2026-11-20T08:00:00Z",)"
             R"("data":{"id":"own","user":"u","item":"i","ts":1700000000005}})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->id, "own");
  EXPECT_EQ(to_ms(event->time), 1'700'000'000'005);
  EXPECT_EQ(event->type, "view") << "the envelope's type is not the event's";
}

TEST(CloudEvents, BinaryModeTakesTheEnvelopeFromHeaders) {
  const RecordHeaders headers{
      {"ce_specversion", "1.0"},           {"ce_id", "42"},  {"ce_source", "/shop"}, {"ce_type", "click"},
      {"ce_time", "2026-11-20T08:00:00Z"}, {"trace", "\xFF"}};
  const auto event = decode(R"({"user":"u","item":"i"})", headers);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->id, "/shop/42");
  EXPECT_EQ(event->time, *parse_rfc3339("2026-11-20T08:00:00Z"));
}

TEST(CloudEvents, HeadersWithoutASpecversionMeanNothing) {
  const auto event = decode(R"({"user":"u","item":"i"})", {{"ce_id", "42"}, {"ce_source", "/shop"}});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->id, "");
}

TEST(CloudEvents, AnAttributeGivenTwiceIsRefused) {
  const auto error = [](const char* more) {
    return error_of(R"({"specversion":"1.0","id":"1","source":"/","data":{"user":"u","item":"i"},)" +
                    std::string(more) + "}");
  };
  EXPECT_EQ(error(R"("data":{})"), "data: given twice");
  EXPECT_EQ(error(R"("id":"2")"), "id: given twice");
  EXPECT_EQ(error(R"("source":"/")"), "source: given twice");
  EXPECT_EQ(error(R"("specversion":"1.0")"), "specversion: given twice");
  EXPECT_EQ(error(R"("time":null,"time":null)"), "time: given twice");
}

TEST(CloudEvents, AHeaderGivenTwiceIsRefused) {
  const std::string_view plain = R"({"user":"u","item":"i"})";
  const RecordHeaders once{
      {"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/"}, {"ce_time", ""}, {"ce_x", "y"}};
  EXPECT_EQ(error_of(plain, once), "accepted");
  for (const auto& [name, text] : once) {
    RecordHeaders twice = once;
    twice.emplace_back(name, text);
    EXPECT_EQ(error_of(plain, twice), name == "ce_x" ? "accepted" : name + ": given twice");
  }
  EXPECT_EQ(error_of(plain, {{"ce_id", "1"}, {"ce_id", "2"}}), "accepted") << "no CloudEvent";
}

TEST(CloudEvents, ASpecversionOfNullIsAbsent) {
  EXPECT_EQ(error_of(R"({"specversion":null,"user":"u","item":"i"})"), "accepted");
}

TEST(CloudEvents, ErrorsNameTheAttribute) {
  const std::string data = R"(,"data":{"user":"u","item":"i"}})";
  EXPECT_EQ(error_of(R"({"specversion":"0.3","id":"1","source":"/")" + data),
            R"(specversion: "0.3" is not "1.0" (CloudEvents))");
  EXPECT_EQ(error_of(R"({"specversion":1.0,"id":"1","source":"/")" + data),
            R"(specversion: "" is not "1.0" (CloudEvents))");
  EXPECT_EQ(error_of(R"({"specversion":"1.0","source":"/")" + data), "id: missing (CloudEvents)");
  EXPECT_EQ(error_of(R"({"specversion":"1.0","id":"1")" + data), "source: missing (CloudEvents)");
  EXPECT_EQ(error_of(R"({"specversion":"1.0","id":"1","source":"/"})"), "data: expected an object (CloudEvents)");
  EXPECT_EQ(error_of(R"({"specversion":"1.0","id":"1","source":"/","data":"{}"})"),
            "data: expected an object (CloudEvents)");
  EXPECT_EQ(error_of(R"({"specversion":"1.0","id":"1","source":"/","data":{"user":"u"}})"), "item: missing");
  EXPECT_EQ(error_of(R"({"specversion":"1.0","id":"1","source":"/","time":"noon")" + data),
            R"(time: "noon" is not an RFC 3339 time between the years 1970 and 9999)");
  EXPECT_EQ(error_of("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"" + std::string(511, 'x') + "\"" + data),
            "id: CloudEvents source and id are too long together");
  const std::string_view plain = R"({"user":"u","item":"i"})";
  EXPECT_EQ(error_of(plain, {{"ce_specversion", "1.0"}, {"ce_source", "/"}}), "ce_id: missing (CloudEvents)");
  EXPECT_EQ(error_of(plain, {{"ce_specversion", "1.0"}, {"ce_id", "\xFF"}, {"ce_source", "/"}}),
            "ce_id: not valid UTF-8");
}

TEST(EventDecoder, AHeaderThatIsNotTextAndNotItsBusinessIsPassedOver) {
  EXPECT_TRUE(decode(R"({"user":"u","item":"i"})", {{"ce_\xFF", "\xFF"},
                                                    {"ce_subject", "\xFF"},
                                                    {"ce_specversion", "1.0"},
                                                    {"ce_id", "42"},
                                                    {"ce_source", "/shop"}}));
}

}  // namespace
}  // namespace freshet::ingest
