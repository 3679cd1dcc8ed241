// SPDX-License-Identifier: Apache-2.0
#include "ingest/embedded/embedded_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/random.h"
#include "store/database.h"
#include "tests/support/event_log_steps.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_store.h"

namespace freshet::ingest {
namespace {

using freshet::testing::append_and_wait;
using freshet::testing::FakeClock;

constexpr std::int64_t kMost = 1 << 20, kMark = 256 << 10, kLargestAppend = 10 * 40'100;

/// A reader as those of the service: it commits what it has read, later, and goes on there after a restart.
struct SlowReader {
  std::unique_ptr<LogReader> reader;
  std::int64_t read = 0, committed = 0;

  void read_some(Random& random) {
    const auto batch = reader->poll(1 + random.below(30), std::chrono::milliseconds(0));
    ASSERT_TRUE(batch);
    for (const LogRecord& record : batch->records) {
      ASSERT_EQ(record.position.offset, read) << "a record that was not committed is gone";
      ASSERT_TRUE(record.value.starts_with(std::to_string(read) + ":"));
      ++read;
    }
  }
  void commit() {
    committed = read;
    reader->commit({{0, committed}});
  }
};

class EmbeddedLogProperty : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  EmbeddedLogProperty() {
    options_.max_bytes = kMost;
    options_.max_queued_bytes = kLargestAppend;
    options_.trim_interval = std::chrono::milliseconds(1);
    open();
  }
  ~EmbeddedLogProperty() override { close(); }

  void open() {
    journal_.emplace(store_.database());
    log_.emplace(*journal_, options_, DecodeOptions{}, clock_, metrics_);
    for (SlowReader& each : readers_) {
      each.reader = log_->open_reader(Sharing::group, [&] { return Positions{{0, each.committed}}; });
      each.read = each.committed;
    }
  }
  void close() {
    for (SlowReader& each : readers_) each.reader.reset();
    log_.reset();
    journal_.reset();
  }

  /// Appends some records. What is refused is not there, what is accepted is read by everybody.
  void append() {
    std::vector<LogEntry> entries;
    for (std::uint64_t n = 1 + random_.below(10); n > 0; --n) {
      const auto offset = end_ + static_cast<std::int64_t>(entries.size());
      entries.push_back({"k", std::to_string(offset) + ":" + std::string(random_.below(40'000), 'x')});
    }
    const auto added = static_cast<std::int64_t>(entries.size());
    const auto end = append_and_wait(*log_, std::move(entries));
    if (!end) {
      ASSERT_EQ(end.error().code, Errc::overloaded);
      ++refused_;
      return;
    }
    end_ += added;
    ASSERT_EQ(*end, (Positions{{0, end_}}));
  }

  Random random_{testing::test_seed(GetParam())};
  FakeClock clock_{timestamp_from_ms(1'700'000'000'000)};
  Metrics metrics_;
  EmbeddedOptions options_;
  testing::TestStore store_;
  std::optional<store::Journal> journal_;
  std::optional<EmbeddedLog> log_;
  std::array<SlowReader, 2> readers_;
  std::int64_t end_ = 0;
  int refused_ = 0;
};

TEST_P(EmbeddedLogProperty, IsNeverMuchLargerThanItMayBeAndLosesNothing) {
  std::int64_t largest = 0;
  for (int step = 0; step < 1000 && !HasFatalFailure(); ++step) {
    const auto what = random_.below(100);
    SlowReader& reader = readers_[random_.below(2)];
    if (what < 40)
      append();
    else if (what < 92)
      reader.read_some(random_);
    else if (what < 99)
      reader.commit();
    else {
      close();
      store_.reopen();
      open();
    }
    ASSERT_LE(journal_->begin(), std::min(readers_[0].committed, readers_[1].committed));
    largest = std::max(largest, journal_->bytes());
  }
  EXPECT_LE(largest, kMost + 2 * kLargestAppend + kMark);
  EXPECT_GT(journal_->begin(), 0) << "trimmed, although the retention is a day";
  EXPECT_GT(refused_, 0);

  for (SlowReader& each : readers_) {
    while (each.read < end_ && !HasFatalFailure()) each.read_some(random_);
    each.commit();
  }
  EXPECT_TRUE(freshet::testing::eventually([&] { return log_->problem().empty(); }));
  append();
}

INSTANTIATE_TEST_SUITE_P(Seeds, EmbeddedLogProperty, ::testing::Values(1, 2));

}  // namespace
}  // namespace freshet::ingest
