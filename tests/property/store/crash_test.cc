// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "store/history_store.h"
#include "store/journal.h"
#include "tests/support/history_events.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

/// Appends to the journal and commits to the histories until killed. Writes each acknowledged end to `out`.
[[noreturn]] void write_until_killed(const Options& options, int out) {
  Database database(options);
  Journal journal(database);
  HistoryStore histories(database);
  while (true) {
    std::vector<JournalRecord> records(7, {0, timestamp_from_ms(1), "key", "value"});
    const auto first = journal.append(records);
    if (!first) _exit(1);
    const std::int64_t acknowledged = *first + 7;
    if (write(out, &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(1);
    std::vector<PositionedEvent> events;
    for (std::int64_t offset = *first; offset < acknowledged; ++offset) {
      events.push_back(freshet::testing::user_event(offset, "u" + std::to_string(offset % 5), "i", 1000 + offset));
    }
    if (!histories.commit(freshet::testing::batch_of(events), true)) _exit(1);
  }
}

TEST(Crash, AfterKillNineEveryAcknowledgedRecordIsThereAndRowsEqualPositions) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer cannot follow the fork of a process that has had threads";
#endif
  Random random(freshet::testing::test_seed(1));
  const freshet::testing::TempDirectory dir;
  Options options = freshet::testing::options_in(dir);
  options.memtable_bytes = 1 << 20;
  std::int64_t acknowledged = 0;
  for (int round = 0; round < 10; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) write_until_killed(options, pipe_ends[1]);
    close(pipe_ends[1]);
    // Kills it at a random moment after its first acknowledgements.
    const std::uint64_t wanted = 2 + random.below(30);
    for (std::uint64_t i = 0; i < wanted; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof acknowledged), static_cast<ssize_t>(sizeof acknowledged));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::int64_t last = 0;
    while (read(pipe_ends[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) acknowledged = last;
    close(pipe_ends[0]);

    Database database(options);
    EXPECT_GE(Journal(database).end(), acknowledged);
    HistoryStore histories(database);
    std::int64_t rows = 0, highest = -1;
    ASSERT_TRUE(histories.scan([&](const Owner&, const PositionedEvent& entry) {
      ++rows;
      highest = std::max(highest, entry.position.offset);
      return true;
    }));
    const Positions positions = *histories.positions();
    const std::int64_t position = positions.empty() ? 0 : positions.at(0);
    // The kill may be between append and commit; the reader continues from the position.
    EXPECT_EQ(highest + 1, position);
    std::vector<PositionedEvent> missed;
    for (std::int64_t offset = position; offset < Journal(database).end(); ++offset) {
      missed.push_back(freshet::testing::user_event(offset, "u" + std::to_string(offset % 5), "i", 1000 + offset));
    }
    EXPECT_EQ(rows, position);
    if (!missed.empty()) {
      ASSERT_TRUE(histories.commit(freshet::testing::batch_of(missed), true));
    }
  }
}

}  // namespace
}  // namespace freshet::store
