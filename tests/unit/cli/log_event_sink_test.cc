#include "cli/log_event_sink.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace freshet::cli {
namespace {

/// Keeps what is appended.
class MemoryLog final : public ingest::EventLog {
 public:
  void append(std::vector<ingest::LogEntry> added, Appended done) override {
    for (ingest::LogEntry& entry : added) entries.push_back(std::move(entry));
    done(Positions{{0, static_cast<std::int64_t>(entries.size())}});
  }
  std::unique_ptr<ingest::LogReader> open_reader(ingest::Sharing, ingest::PositionsOf) override { return nullptr; }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "memory"; }
  bool keeps_dead_letters() const override { return false; }
  Result<void> append_dead_letters(std::span<const RejectedRecord>, std::chrono::milliseconds) override { return {}; }

  std::vector<ingest::LogEntry> entries;
};

class LogEventSinkTest : public ::testing::Test {
 protected:
  MemoryLog log;
  const testing::FakeClock clock{timestamp_from_ms(1'700'000'000'000)};
  Metrics metrics;
  store::TransientHistories transient{{}, clock, metrics};
  LogEventSink sink{log, transient, {}, {}, {}, clock};
};

TEST_F(LogEventSinkTest, AppendsTheProducersOwnBytesUnderTheUsersKeyAndListsTheRest) {
  Result<serve::SubmitReceipt> receipt = Error{};
  sink.submit(
      R"([{"user":"u","item":"a","new":1},{"user":"u"},{"session":"s","item":"b"},{"type":"$erase","user":"u"}])", 10,
      [&](Result<serve::SubmitReceipt> result) { receipt = std::move(result); });
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

TEST_F(LogEventSinkTest, RefusesTooManyAndWhatIsNotEvents) {
  for (const char* body : {R"([{"user":"u","item":"a"},{"user":"u","item":"a"}])", "", "hello"}) {
    Errc code = Errc::corrupt;
    sink.submit(body, 1, [&](Result<serve::SubmitReceipt> result) { code = result.error().code; });
    EXPECT_EQ(code, Errc::invalid) << body;
  }
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(LogEventSinkTest, AnEraseBecomesARecordOfTheLog) {
  bool done = false;
  sink.erase({Owner::Kind::session, "s"}, [&](Result<Positions> end) { done = end.has_value(); });
  EXPECT_TRUE(done);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].key, "s");
  ingest::EventDecoder decoder({});
  const auto event = decoder.decode(log.entries[0].value, {}, clock.now());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::erase);
  EXPECT_EQ(event->session, "s");
}

TEST_F(LogEventSinkTest, KeepsWhatHasNoConsentOutOfTheLog) {
  Result<serve::SubmitReceipt> receipt = Error{};
  const auto keep = [&](Result<serve::SubmitReceipt> result) { receipt = std::move(result); };
  sink.submit(R"({"user":"u","item":"a","consent":false})", 10, keep);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 1U);
  EXPECT_TRUE(covers({}, receipt->positions));
  EXPECT_FALSE(to_token(receipt->positions).empty());
  EXPECT_TRUE(log.entries.empty());
  sink.submit(R"([{"user":"u","item":"b","consent":false},{"user":"u","item":"c"}])", 10, keep);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->accepted, 2U);
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"c"})");
  EXPECT_EQ(transient.recent({Owner::Kind::user, "u"}, 10).size(), 2U);
}

TEST_F(LogEventSinkTest, PseudonymsStandInForIdsInTheLogAndInMemory) {
  const Pseudonyms pseudonyms("a key of the operator");
  LogEventSink hiding{log, transient, {}, pseudonyms, pseudonyms, clock};
  hiding.submit(
      R"([{"user":"somebody","session":"sitting","item":"a"},{"user":"somebody","item":"b","consent":false}])", 10,
      [](const Result<serve::SubmitReceipt>& receipt) { EXPECT_TRUE(receipt); });
  hiding.erase({Owner::Kind::user, "somebody"}, [](const Result<Positions>& end) { EXPECT_TRUE(end); });
  ASSERT_EQ(log.entries.size(), 2U);
  const Owner somebody = pseudonyms.of(Owner{Owner::Kind::user, "somebody"});
  ingest::EventDecoder decoder({});
  for (const ingest::LogEntry& entry : log.entries) {
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

TEST_F(LogEventSinkTest, WhatATopicHoldsIsAsItCameAndOnlyMemoryHasPseudonyms) {
  const Pseudonyms pseudonyms("a key of the operator");
  LogEventSink sending{log, transient, {}, {}, pseudonyms, clock};
  sending.submit(R"([{"user":"u","item":"a","new":1},{"user":"u","item":"b","consent":false}])", 10,
                 [](const Result<serve::SubmitReceipt>& receipt) { EXPECT_TRUE(receipt); });
  sending.erase({Owner::Kind::user, "u"}, [](const Result<Positions>& end) { EXPECT_TRUE(end); });
  ASSERT_EQ(log.entries.size(), 2U);
  EXPECT_EQ(log.entries[0].value, R"({"user":"u","item":"a","new":1})");
  EXPECT_EQ(log.entries[1].value, ingest::encode_erase({Owner::Kind::user, "u"}));
  EXPECT_EQ(transient.recent(pseudonyms.of(Owner{Owner::Kind::user, "u"}), 10).size(), 1U);
}

}  // namespace
}  // namespace freshet::cli
