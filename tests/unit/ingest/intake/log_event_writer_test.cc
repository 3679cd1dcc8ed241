#include "ingest/intake/log_event_writer.h"

#include <gtest/gtest.h>

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "tests/support/fake_clock.h"

namespace freshet::ingest {
namespace {

/// Keeps appended entries in memory.
class MemoryLog final : public EventLog {
 public:
  void append(std::vector<LogEntry> added, Appended done) override {
    for (LogEntry& entry : added) entries.push_back(std::move(entry));
    done(Positions{{0, static_cast<std::int64_t>(entries.size())}});
  }
  std::unique_ptr<LogReader> open_reader(Sharing, PositionsOf) override { return nullptr; }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "memory"; }
  DeadLetterSink* dead_letters() override { return nullptr; }

  std::vector<LogEntry> entries;
};

class LogEventWriterTest : public ::testing::Test {
 protected:
  MemoryLog log;
  const testing::FakeClock clock{timestamp_from_ms(1'700'000'000'000)};
  Metrics metrics;
  store::TransientHistories transient{{}, clock, metrics};
  LogEventWriter writer{log, transient, {}, {}, {}, clock};
};

TEST_F(LogEventWriterTest, AppendsTheProducersOwnBytesUnderTheUsersKeyAndListsTheRest) {
  Result<SubmitReceipt> receipt = Error{};
  writer.submit(
      R"([{"user":"u","item":"a","new":1},{"user":"u"},{"session":"s","item":"b"},{"type":"$erase","user":"u"}])", 10,
      [&](Result<SubmitReceipt> result) { receipt = std::move(result); });
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

TEST_F(LogEventWriterTest, RefusesTooManyAndWhatIsNotEvents) {
  for (const char* body : {R"([{"user":"u","item":"a"},{"user":"u","item":"a"}])", "", "hello"}) {
    Errc code = Errc::corrupt;
    writer.submit(body, 1, [&](Result<SubmitReceipt> result) { code = result.error().code; });
    EXPECT_EQ(code, Errc::invalid) << body;
  }
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(LogEventWriterTest, AnEraseBecomesARecordOfTheLog) {
  bool done = false;
  writer.erase({Owner::Kind::session, "s"}, [&](Result<Positions> end) { done = end.has_value(); });
  EXPECT_TRUE(done);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].key, "s");
  EventDecoder decoder({});
  const auto event = decoder.decode(log.entries[0].value, {}, clock.now());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::erase);
  EXPECT_EQ(event->session, "s");
}

TEST_F(LogEventWriterTest, KeepsWhatHasNoConsentOutOfTheLog) {
  Result<SubmitReceipt> receipt = Error{};
  const auto keep = [&](Result<SubmitReceipt> result) { receipt = std::move(result); };
  writer.submit(R"({"user":"u","item":"a","consent":false})", 10, keep);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 1U);
  EXPECT_TRUE(covers({}, receipt->positions));
  EXPECT_FALSE(to_token(receipt->positions).empty());
  EXPECT_TRUE(log.entries.empty());
  writer.submit(R"([{"user":"u","item":"b","consent":false},{"user":"u","item":"c"}])", 10, keep);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 2U);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"c"})");
  EXPECT_EQ(transient.recent({Owner::Kind::user, "u"}, 10).size(), 2U);
}

TEST_F(LogEventWriterTest, PseudonymsStandInForIdsInTheLogAndInMemory) {
  const Pseudonyms pseudonyms("a key of the operator");
  LogEventWriter hiding{log, transient, {}, pseudonyms, pseudonyms, clock};
  hiding.submit(
      R"([{"user":"somebody","session":"sitting","item":"a"},{"user":"somebody","item":"b","consent":false}])", 10,
      [](const Result<SubmitReceipt>& receipt) { EXPECT_TRUE(receipt); });
  hiding.erase({Owner::Kind::user, "somebody"}, [](const Result<Positions>& end) { EXPECT_TRUE(end); });
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
  LogEventWriter sending{log, transient, {}, {}, pseudonyms, clock};
  sending.submit(R"([{"user":"u","item":"a","new":1},{"user":"u","item":"b","consent":false}])", 10,
                 [](const Result<SubmitReceipt>& receipt) { EXPECT_TRUE(receipt); });
  sending.erase({Owner::Kind::user, "u"}, [](const Result<Positions>& end) { EXPECT_TRUE(end); });
  ASSERT_EQ(log.entries.size(), 2U);
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"a","new":1})");
  EXPECT_EQ(log.entries[1].value, encode_erase({Owner::Kind::user, "u"}));
  EXPECT_EQ(transient.recent(pseudonyms.of(Owner{Owner::Kind::user, "u"}), 10).size(), 1U);
}

}  // namespace
}  // namespace freshet::ingest
