// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/log_served_list_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "ingest/codec/event_decoder.h"
#include "tests/support/memory_log.h"
#include "tests/support/served_lists.h"

namespace freshet::ingest {
namespace {

using freshet::testing::served_list;

const Timestamp kNow = timestamp_from_ms(1'700'000'000'000);
const Owner kUser{Owner::Kind::user, "u1"};

/// Answers appends when it is told to.
class HeldLog final : public EventLog {
 public:
  void append(std::vector<LogEntry>, Appended done) override { held.push_back(std::move(done)); }
  Result<std::vector<std::int32_t>> partitions() const override { return std::vector<std::int32_t>{0}; }
  std::unique_ptr<LogReader> open_reader(Sharing, PositionsOf) override { return nullptr; }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "held"; }
  DeadLetterSink* dead_letters() override { return nullptr; }

  std::vector<Appended> held;
};

TEST(LogServedListWriter, AppendsUnderTheOwnersKeyARecordThatMayWait) {
  testing::MemoryLog log;
  LogServedListWriter writer(log, {});
  int logged = 0;
  writer.write(kUser, kNow, SharedServedList(served_list("r", {"a", "b"})), [&](bool done) { logged += done ? 1 : 0; });
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].key, "u1");
  EXPECT_TRUE(log.entries[0].may_wait);
  EXPECT_EQ(logged, 1);
  const auto event = EventDecoder({}).decode(log.entries[0].value, {}, kNow);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->user, "u1");
  EXPECT_EQ(*event->served, served_list("r", {"a", "b"}));
}

TEST(LogServedListWriter, WithPseudonymsTheRecordHasNoId) {
  testing::MemoryLog log;
  const Pseudonyms pseudonyms("a key of sixteen bytes");
  LogServedListWriter writer(log, pseudonyms);
  writer.write(kUser, kNow, SharedServedList(served_list("r", {"a"})), [](bool) {});
  ASSERT_EQ(log.entries.size(), 1U);
  EXPECT_EQ(log.entries[0].key, pseudonyms.of(kUser).id);
  EXPECT_EQ(log.entries[0].value.find("u1"), std::string::npos);
}

TEST(LogServedListWriter, DropsWhatIsMoreThanTheLogCanTakeUntilItHasCaughtUp) {
  HeldLog log;
  LogServedListWriter writer(log, {});
  std::size_t logged = 0, dropped = 0;
  const SharedServedList list(served_list("r", {"a"}));
  const auto write = [&] { writer.write(kUser, kNow, list, [&](bool done) { ++(done ? logged : dropped); }); };
  for (std::size_t i = 0; i < LogServedListWriter::kMaxLists + 5; ++i) write();
  EXPECT_EQ(log.held.size(), LogServedListWriter::kMaxLists);
  EXPECT_EQ(dropped, 5U);
  log.held.front()(Positions{{0, 1}});
  log.held.back()(Error{Errc::unavailable, "no broker"});
  EXPECT_EQ(logged, 1U);
  EXPECT_EQ(dropped, 6U);
  write();
  write();
  write();
  EXPECT_EQ(log.held.size(), LogServedListWriter::kMaxLists + 2);
  EXPECT_EQ(dropped, 7U);
}

TEST(LogServedListWriter, DropsAListThatReadersWouldRefuse) {
  testing::MemoryLog log;
  LogServedListWriter writer(log, {});
  int dropped = 0;
  const auto count = [&](bool done) { dropped += done ? 0 : 1; };
  writer.write(kUser, kNow, SharedServedList(served_list("r", std::vector<std::string>(kMaxServedItems + 1, "a"))),
               count);
  writer.write(kUser, kNow, SharedServedList(served_list("r", std::vector<std::string>(5000, std::string(500, 'a')))),
               count);
  EXPECT_EQ(dropped, 2);
  EXPECT_TRUE(log.entries.empty());
}

}  // namespace
}  // namespace freshet::ingest
