// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/random.h"
#include "store/history_store.h"
#include "store/rocks.h"
#include "tests/support/fake_clock.h"
#include "tests/support/history_events.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::FakeClock;
using freshet::testing::numbered;
using freshet::testing::test_seed;
using freshet::testing::user_event;

Owner user(std::uint64_t n) { return {Owner::Kind::user, numbered("u", n)}; }
Owner session(std::uint64_t n) { return {Owner::Kind::session, numbered("s", n)}; }

struct Store {
  Store(std::size_t cache_bytes, const Clock& clock)
      : files(
            [&] {
              Options options;
              options.max_events_per_owner = 15;
              options.max_event_age = std::chrono::hours(1);
              options.memtable_bytes = 1 << 20;
              options.history_cache_bytes = cache_bytes;
              return options;
            }(),
            clock) {}

  void compact() {
    auto& db = files.database().impl();
    ASSERT_TRUE(db.db->Flush({}, db.family(Family::history)).ok());
    ASSERT_TRUE(db.db->CompactRange({}, db.family(Family::history), nullptr, nullptr).ok());
  }

  freshet::testing::TestStore files;
  HistoryStore histories{files.database()};
};

/// Events minutes apart and often late, so that rows arrive in any order and some too late. Users change sessions.
PositionedEvent any_event(Random& random, std::int64_t offset) {
  const std::int64_t late = random.below(3) == 0 ? static_cast<std::int64_t>(random.below(70)) : 0;
  auto entry = user_event(offset, user(random.below(20)).id, numbered("i", random.below(1000)),
                          (1000 + offset / 3 - late) * 60'000);
  if (random.below(2) == 0) entry.event.session = session(random.below(10)).id;
  if (random.below(5) == 0) entry.event.user.clear();
  if (entry.event.user.empty() && entry.event.session.empty()) entry.event.session = "s0";
  if (random.below(4) == 0) entry.event.id = numbered("id", random.below(200));
  if (random.below(40) == 0) entry.event.kind = EventKind::erase;
  return entry;
}

class RecentHistoriesProperty : public ::testing::TestWithParam<std::size_t> {};

TEST_P(RecentHistoriesProperty, ReadsAreWhatTheyWereWithoutIt) {
  Random random(test_seed(1));
  FakeClock clock(timestamp_from_ms(1'700'000'000'000));
  Store plain(0, clock);
  Store cached(GetParam(), clock);
  std::vector<PositionedEvent> log;

  for (int round = 0; round < 1000; ++round) {
    std::vector<PositionedEvent> events;
    for (std::uint64_t n = 1 + random.below(6); n > 0; --n) {
      events.push_back(any_event(random, static_cast<std::int64_t>(log.size())));
      log.push_back(events.back());
    }
    if (random.below(4) == 0) {  // another event at a position that was written before
      events.push_back(log[log.size() - 1 - random.below(std::min<std::size_t>(log.size(), 30))]);
      events.back().event.item += "'";
    }
    clock.advance(std::chrono::minutes(1));
    for (Store* store : {&plain, &cached}) ASSERT_TRUE(store->histories.commit(batch_of(events), true));
    if (random.below(10) == 0) {
      const Owner owner = random.below(2) == 0 ? user(random.below(20)) : session(random.below(10));
      const auto end = static_cast<std::int64_t>(log.size() + random.below(4));
      for (Store* store : {&plain, &cached}) ASSERT_TRUE(store->histories.erase(owner, {{0, end}}));
    }
    if (random.below(50) == 0) {
      for (Store* store : {&plain, &cached}) store->compact();
    }
    for (int read = 0; read < 20; ++read) {
      const Owner owner = random.below(2) == 0 ? user(random.below(20)) : session(random.below(10));
      const std::size_t limit = std::array<std::size_t, 4>{1, 4, 10, 100}[random.below(4)];
      ASSERT_EQ(*cached.histories.recent(owner, limit), *plain.histories.recent(owner, limit)) << owner.id;
      ASSERT_EQ(*cached.histories.count(owner), *plain.histories.count(owner));
    }
  }
}

// Room for every history; room for one or two short ones per shard.
INSTANTIATE_TEST_SUITE_P(Budgets, RecentHistoriesProperty, ::testing::Values(64 << 20, 64 * 800));

TEST(RecentHistoriesProperty, WhatACommitHasReturnedIsReadByAllAndWhatWasErasedByNobody) {
  Store store(64 << 20, system_clock());
  constexpr std::uint64_t kUsers = 4;  // of each of two partitions
  constexpr std::int64_t kCommits = 3000;
  std::array<std::atomic<std::int64_t>, 2 * kUsers> committed{};  // by user: milliseconds
  std::array<std::atomic<std::int64_t>, 2> at{};                  // by partition
  std::atomic<int> failures{0};

  // Both partitions write to the current session of the first, and sometimes erase it.
  const auto current_session = [&] { return session(static_cast<std::uint64_t>(at[0]) / 10); };
  const auto commit = [&](std::int32_t partition) {
    Random random(test_seed(2 + static_cast<std::uint64_t>(partition)));
    auto& offset = at[static_cast<std::size_t>(partition)];
    while (offset < kCommits) {
      const std::uint64_t who = random.below(kUsers) + static_cast<std::uint64_t>(partition) * kUsers;
      auto put = user_event(2 * offset, user(who).id, "i", committed[who] + 1);
      put.position.partition = partition;
      put.event.session = current_session().id;
      auto erase = put;
      ++erase.position.offset;
      erase.event.user.clear();
      erase.event.kind = EventKind::erase;
      if (!store.histories.commit(batch_of({put}), true)) ++failures;
      ++committed[who];
      if (random.below(3) == 0 && !store.histories.commit(batch_of({erase}), true)) ++failures;
      ++offset;
    }
  };
  // The events of a user are at the milliseconds 1, 2, 3, ... and are never erased.
  const auto read = [&](std::uint64_t seed) {
    Random random(test_seed(seed));
    while (at[0] < kCommits || at[1] < kCommits) {
      const std::uint64_t who = random.below(2 * kUsers);
      const std::int64_t newest = committed[who];
      const auto events = store.histories.recent(user(who), 5);
      if (!events || events->size() < static_cast<std::size_t>(std::min<std::int64_t>(newest, 5))) {
        ++failures;
        continue;
      }
      std::int64_t expected = events->empty() ? 0 : to_ms(events->front().time);
      if (expected < newest) ++failures;
      for (const Event& event : *events) failures += to_ms(event.time) != expected--;
      if (!store.histories.recent(current_session(), 5)) ++failures;
    }
  };
  {
    std::vector<std::jthread> threads;
    threads.emplace_back(commit, 0);
    threads.emplace_back(commit, 1);
    threads.emplace_back(read, 4);
    threads.emplace_back(read, 5);
  }
  EXPECT_EQ(failures, 0);
  const auto expect_as_stored = [&](const Owner& owner) {  // page() reads RocksDB
    EXPECT_EQ(*store.histories.recent(owner, 5), store.histories.page(owner, 5, std::nullopt)->events) << owner.id;
  };
  for (std::uint64_t n = 0; n < 2 * kUsers; ++n) expect_as_stored(user(n));
  for (std::uint64_t n = 0; n <= kCommits / 10; ++n) expect_as_stored(session(n));
}

}  // namespace
}  // namespace freshet::store
