// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/log_event_writer.h"

#include <gtest/gtest.h>

#include <optional>

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_log.h"

namespace freshet::ingest {
namespace {

class LogEventWriterTest : public ::testing::Test {
 protected:
  testing::MemoryLog log;
  const testing::FakeClock clock{timestamp_from_ms(1'700'000'000'000)};
  Metrics metrics;
  store::TransientHistories transient{{}, clock, metrics};
  LogEventWriter writer{log, transient, {}, {}, {}, clock, metrics};
};

TEST_F(LogEventWriterTest, AppendsTheProducersOwnBytesUnderTheUsersKeyAndListsTheRest) {
  Result<Receipt> receipt = Error{};
  writer.submit(
      R"([{"user":"u","item":"a","new":1},{"user":"u"},{"session":"s","item":"b"},{"type":"$erase","user":"u"}])",
      {.max_events = 10}, [&](Result<Receipt> result) { receipt = std::move(result); });
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 2U);
  ASSERT_EQ(receipt->rejected.size(), 2U);
  EXPECT_EQ(receipt->rejected[0].index, 1U);
  EXPECT_EQ(receipt->rejected[1].index, 3U);
  EXPECT_EQ(receipt->positions, (Positions{{0, 2}}));
  ASSERT_EQ(log.entries.size(), 2U);
  EXPECT_EQ(log.entries[0].key, "u");
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"a","new":1})");
  EXPECT_EQ(log.entries[1].key, "s");
}

TEST_F(LogEventWriterTest, ClientsCannotClaimThatAListWasServed) {
  Result<Receipt> receipt = Error{};
  writer.submit(
      R"([{"user":"u","item":"a"},
          {"$served":{"request":"r","time":1700000000000,"user":"u","items":["a"],"scores":[1]}},
          {"specversion":"1.0","id":"1","source":"/s","type":"t",
           "data":{"$served":{"request":"r","time":1700000000000,"user":"u","items":["a"],"scores":[1]}}}])",
      {.max_events = 10, .sender = "shop/1"}, [&](Result<Receipt> result) { receipt = std::move(result); });
  ASSERT_TRUE(receipt);
  ASSERT_EQ(receipt->rejected.size(), 2U);
  for (const auto& rejected : receipt->rejected) {
    EXPECT_EQ(rejected.reason, "$served: is reserved; freshet itself records the lists that it serves");
  }
  EXPECT_EQ(log.entries.size(), 1U);
}

TEST_F(LogEventWriterTest, AnEventThatIsTooOldToBeKeptIsRejectedWithTheReason) {
  DecodeOptions decode;
  decode.oldest_kept = [] { return timestamp_from_ms(1'690'000'000'000); };
  LogEventWriter strict{log, transient, decode, {}, {}, clock, metrics};
  Result<Receipt> receipt = Error{};
  strict.submit(
      R"([{"user":"u","item":"a"},{"user":"u","item":"b","ts":1689999999},{"user":"u","item":"c","ts":1690000000},
          {"user":"u","item":"d","ts":1689999999,"consent":false},{"user":"u"}])",
      {.max_events = 10}, [&](Result<Receipt> result) { receipt = std::move(result); });
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 2U);
  ASSERT_EQ(receipt->rejected.size(), 3U);
  EXPECT_EQ(receipt->rejected[0].index, 1U);
  EXPECT_EQ(receipt->rejected[0].reason,
            "ts: 2023-07-22T04:26:39.000Z is too old: events before 2023-07-22T04:26:40.000Z are not kept "
            "(store.max_event_age)");
  EXPECT_EQ(receipt->rejected[1].index, 3U);
  EXPECT_TRUE(transient.recent({Owner::Kind::user, "u"}, 10).empty());
  for (const char* count : {"accepted\"} 2", "too_old\"} 2", "invalid\"} 1"}) {
    EXPECT_NE(metrics.render().find(std::string("freshet_ingest_submitted_total{result=\"") + count), std::string::npos)
        << count;
  }
}

TEST_F(LogEventWriterTest, RefusesTooManyAndWhatIsNotEvents) {
  for (const char* body : {R"([{"user":"u","item":"a"},{"user":"u","item":"a"}])", "", "hello"}) {
    Errc code = Errc::corrupt;
    writer.submit(body, {.max_events = 1}, [&](Result<Receipt> result) { code = result.error().code; });
    EXPECT_EQ(code, Errc::invalid) << body;
  }
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(LogEventWriterTest, TheSenderIsTheFirstMemberAndClientsCannotClaimAnother) {
  std::optional<Receipt> receipt;
  writer.submit(R"([{"user":"u","item":"a","new":1}, { "user":"u","item":"b","$sender":"other/1"}])",
                {.max_events = 10, .sender = "shop/1a2b3c4d"},
                [&](Result<Receipt> result) { receipt = *std::move(result); });
  ASSERT_TRUE(receipt);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].value, R"({"$sender":"shop/1a2b3c4d","user":"u","item":"a","new":1})");
  const auto event = EventDecoder({}).decode(log.entries[0].value, {}, clock.now());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->sender, "shop/1a2b3c4d");
  ASSERT_EQ(receipt->rejected.size(), 1U);
  EXPECT_EQ(receipt->rejected[0].reason, "$sender: freshet adds it to each event, and it is there already");
}

// What is answered 202 must not be a dead letter.
TEST_F(LogEventWriterTest, ARecordThatIsTooLargeWithItsSenderIsRejected) {
  DecodeOptions decode;
  decode.max_record_bytes = 60;
  LogEventWriter strict{log, transient, decode, {}, {}, clock, metrics};
  std::size_t accepted = 0;
  for (std::size_t padding = 0; padding < 60; ++padding) {
    const std::string body = R"({"user":"u","item":")" + std::string(1 + padding, 'a') + "\"}";
    strict.submit(body, {.max_events = 1, .sender = "/1"},
                  [&](const Result<Receipt>& result) { accepted += result ? result->accepted : 0; });
  }
  EXPECT_GT(accepted, 0U);
  ASSERT_EQ(log.entries.size(), accepted);
  for (const LogEntry& entry : log.entries) EXPECT_TRUE(EventDecoder(decode).decode(entry.value, {}, clock.now()));
}

TEST_F(LogEventWriterTest, AnEventWeighsOneForEachStartedKiB) {
  const auto event = [](std::size_t bytes) {
    const std::string text = R"({"user":"u","item":"a","x":""})";
    return text.substr(0, text.size() - 2) + std::string(bytes - text.size(), 'x') + "\"}";
  };
  ASSERT_EQ(event(1024).size(), 1024U);
  const auto weight = [&](std::string_view body, BodyForm form = BodyForm::any) {
    return writer.weigh(body, 10, form);
  };
  EXPECT_EQ(weight(event(100)), 1U);
  EXPECT_EQ(weight(event(1024)), 1U);
  EXPECT_EQ(weight(event(1025)), 2U);
  EXPECT_EQ(weight("[" + event(100) + "," + event(5000) + ",{},7]"), 1U + 5U + 2U) << "whether valid or not";
  EXPECT_EQ(weight(event(100) + "\n" + event(1025) + "\n"), 3U);
  EXPECT_EQ(weight("[]"), 0U);
  EXPECT_EQ(weight(""), 1U);
  EXPECT_EQ(weight(std::string(3000, '{')), 3U) << "not events: by its size";
  std::string ones = "[1";
  while (ones.size() < 4000) ones += ",1";
  EXPECT_EQ(weight(ones + "]"), 4U) << "too many are refused: nobody uses up more than their size";
  EXPECT_EQ(weight("[\n{}\n" + event(1025), BodyForm::lines), 4U) << "each line, even if it is not valid";
}

TEST_F(LogEventWriterTest, JudgesAsItWouldSubmit) {
  const auto event = writer.judge(R"({"user":"u","item":"a"})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->sender, "");
  EXPECT_FALSE(writer.judge(R"({"user":"u","item":"a","$sender":"shop/1"})"));
  EXPECT_TRUE(writer.judge_type("view"));
  EXPECT_FALSE(writer.judge_type("$erase"));
}

TEST_F(LogEventWriterTest, AnEraseBecomesARecordOfTheLog) {
  bool done = false;
  writer.erase({Owner::Kind::session, "s"}, [&](Result<EraseReceipt> erased) {
    ASSERT_TRUE(erased);
    EXPECT_EQ(erased->before, (Positions{{0, 1}}));
    EXPECT_EQ(erased->token, (Positions{{0, 1}}));
    done = true;
  });
  EXPECT_TRUE(done);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].key, "s");
  EventDecoder decoder({});
  const auto event = decoder.decode(log.entries[0].value, {}, clock.now());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::erase);
  EXPECT_TRUE(event->partition_only);
  EXPECT_EQ(event->session, "s");
}

TEST_F(LogEventWriterTest, AnEraseGoesToEveryPartitionOnce) {
  log.partition_count = 4;
  log.home = 2;
  std::optional<EraseReceipt> receipt;
  writer.erase({Owner::Kind::user, "u"}, [&](Result<EraseReceipt> erased) {
    ASSERT_TRUE(erased);
    receipt = *erased;
  });
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->before, (Positions{{0, 2}, {1, 3}, {2, 1}, {3, 4}}));
  EXPECT_EQ(receipt->token, (Positions{{2, 1}}));
  ASSERT_EQ(log.entries.size(), 4U);
  for (const LogEntry& entry : log.entries) {
    EXPECT_EQ(entry.value, encode_erase({Owner::Kind::user, "u"}, /*partition_only=*/true));
  }
}

TEST_F(LogEventWriterTest, NothingIsErasedWhileThePartitionsAreNotKnown) {
  log.partition_count = 0;
  std::optional<Error> error;
  writer.erase({Owner::Kind::user, "u"}, [&](Result<EraseReceipt> erased) { error = erased.error(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::unavailable);
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(LogEventWriterTest, KeepsWhatHasNoConsentOutOfTheLog) {
  Result<Receipt> receipt = Error{};
  const auto keep = [&](Result<Receipt> result) { receipt = std::move(result); };
  writer.submit(R"({"user":"u","item":"a","consent":false})", {.max_events = 10}, keep);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 1U);
  EXPECT_TRUE(covers({}, receipt->positions));
  EXPECT_FALSE(to_token(receipt->positions).empty());
  EXPECT_TRUE(log.entries.empty());
  writer.submit(R"([{"user":"u","item":"b","consent":false},{"user":"u","item":"c"}])", {.max_events = 10}, keep);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 2U);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"c"})");
  EXPECT_EQ(transient.recent({Owner::Kind::user, "u"}, 10).size(), 2U);
}

TEST_F(LogEventWriterTest, PseudonymsStandInForIdsInTheLogAndInMemory) {
  const Pseudonyms pseudonyms("a key of the operator");
  LogEventWriter hiding{log, transient, {}, pseudonyms, pseudonyms, clock, metrics};
  hiding.submit(
      R"([{"user":"somebody","session":"sitting","item":"a"},{"user":"somebody","item":"b","consent":false}])",
      {.max_events = 10}, [](const Result<Receipt>& receipt) { EXPECT_TRUE(receipt); });
  hiding.erase({Owner::Kind::user, "somebody"}, [](const Result<EraseReceipt>& erased) { EXPECT_TRUE(erased); });
  ASSERT_EQ(log.entries.size(), 2U);
  const Owner somebody = pseudonyms.of(Owner{Owner::Kind::user, "somebody"});
  EventDecoder decoder({});
  for (const LogEntry& entry : log.entries) {
    EXPECT_EQ(entry.key, somebody.id);
    EXPECT_EQ(entry.value.find("somebody"), std::string::npos);
    EXPECT_EQ(entry.value.find("sitting"), std::string::npos);
    const auto event = decoder.decode(entry.value, {}, clock.now());
    ASSERT_TRUE(event);
    EXPECT_EQ(event->user, somebody.id);
    EXPECT_EQ(event->time, event->kind == EventKind::erase ? event->time : clock.now());
  }
  EXPECT_EQ(transient.recent(somebody, 10).size(), 1U);
  EXPECT_TRUE(transient.recent({Owner::Kind::user, "somebody"}, 10).empty());
}

TEST_F(LogEventWriterTest, WhatATopicHoldsIsAsItCameAndOnlyMemoryHasPseudonyms) {
  const Pseudonyms pseudonyms("a key of the operator");
  LogEventWriter sending{log, transient, {}, {}, pseudonyms, clock, metrics};
  sending.submit(R"([{"user":"u","item":"a","new":1},{"user":"u","item":"b","consent":false}])", {.max_events = 10},
                 [](const Result<Receipt>& receipt) { EXPECT_TRUE(receipt); });
  sending.erase({Owner::Kind::user, "u"}, [](const Result<EraseReceipt>& erased) { EXPECT_TRUE(erased); });
  ASSERT_EQ(log.entries.size(), 2U);
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"a","new":1})");
  EXPECT_EQ(log.entries[1].value, encode_erase({Owner::Kind::user, "u"}, true));
  EXPECT_EQ(transient.recent(pseudonyms.of(Owner{Owner::Kind::user, "u"}), 10).size(), 1U);
}

}  // namespace
}  // namespace freshet::ingest
