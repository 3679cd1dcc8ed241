// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/random.h"
#include "store/erasures.h"
#include "store/history_store.h"
#include "store/served_lists.h"
#include "tests/support/history_events.h"
#include "tests/support/served_lists.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::numbered;
using freshet::testing::user_event;

constexpr std::int32_t kPartitions = 3;

/// A log of three partitions, the store, and what the store must show: every event that has been committed, but for those
/// that an erasure covers. Users and sessions are not tied to a partition.
class ErasureProperty : public ::testing::Test {
 protected:
  Owner any_owner() {
    return random_.below(2) == 0 ? Owner{Owner::Kind::user, numbered("o", random_.below(4))}
                                 : Owner{Owner::Kind::session, numbered("o", random_.below(4))};
  }

  PositionedEvent& append(std::int32_t partition) {
    auto& log = log_[static_cast<std::size_t>(partition)];
    const auto offset = static_cast<std::int64_t>(log.size());
    ++next_item_;
    log.push_back(user_event(offset, "", numbered("i", next_item_), 1000 + static_cast<std::int64_t>(next_item_)));
    log.back().position.partition = partition;
    return log.back();
  }

  void append_event() {
    Event& event = append(static_cast<std::int32_t>(random_.below(kPartitions))).event;
    if (random_.below(4) == 0) {
      event.kind = EventKind::served;
      event.served = SharedServedList(freshet::testing::served_list(std::exchange(event.item, {}), {"x"}));
      (random_.below(2) == 0 ? event.user : event.session) = numbered("o", random_.below(4));
      return;
    }
    const std::uint64_t form = random_.below(3);
    if (form != 0) event.user = numbered("o", random_.below(4));
    if (form != 1) event.session = numbered("o", random_.below(4));
  }

  void append_erase(std::int32_t partition, const Owner& owner, bool partition_only) {
    Event& event = append(partition).event;
    event.kind = EventKind::erase;
    event.partition_only = partition_only;
    (owner.kind == Owner::Kind::user ? event.user : event.session) = owner.id;
  }

  /// As DELETE does: a record in each partition, then the store's own.
  void erase_by_request() {
    const Owner owner = any_owner();
    Positions before;
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      append_erase(p, owner, true);
      before[p] = static_cast<std::int64_t>(log_[static_cast<std::size_t>(p)].size());
    }
    while (random_.below(2) == 0) append_event();  // the client does not wait
    if (random_.below(2) == 0) commit();
    ASSERT_TRUE(store_->erase(owner, before));
    erasures_.push_back({owner, before, {}});
  }

  /// Commits some records of some partitions as one batch.
  void commit() {
    std::vector<PositionedEvent> events;
    for (std::uint64_t pieces = random_.below(4); pieces > 0; --pieces) {
      const auto p = static_cast<std::size_t>(random_.below(kPartitions));
      for (std::uint64_t n = random_.below(12); n > 0 && committed_[p] < log_[p].size(); --n) {
        events.push_back(log_[p][committed_[p]++]);
      }
    }
    last_ = batch_of(events);
    ASSERT_TRUE(store_->commit(last_, true));
    for (const PositionedEvent& entry : events) learn(entry);
  }

  void learn(const PositionedEvent& entry) {
    if (entry.event.kind != EventKind::erase) {
      visible_.push_back(entry);
      return;
    }
    Positions before;
    if (!entry.event.partition_only) {  // everything that is there
      for (const PositionedEvent& there : visible_) {
        advance(before, {{there.position.partition, there.position.offset + 1}});
      }
    }
    before[entry.position.partition] = entry.position.offset + 1;
    for (const Owner& owner : owners_of(entry.event)) {
      if (!owner.id.empty()) erasures_.push_back({owner, before, {}});
    }
  }

  bool is_erased(const Owner& owner, const Position& position) const {
    return std::ranges::any_of(erasures_, [&](const Erasure& erasure) {
      return erasure.owner == owner && is_below(position, erasure.before);
    });
  }

  std::set<std::string> expected(const Owner& owner) const {
    std::set<std::string> items;
    for (const PositionedEvent& entry : visible_) {
      if (entry.event.kind == EventKind::served) continue;
      const auto [user, session] = owners_of(entry.event);
      const bool own = owner.kind == Owner::Kind::user ? user == owner : session == owner;
      if (own && !is_erased(user, entry.position) && !is_erased(owner, entry.position)) items.insert(entry.event.item);
    }
    return items;
  }

  /// The lists that must be there at least, or may be there at most: what a session was shown goes with a user of it, as far
  /// as the store knows the user to have been in it.
  std::set<std::string> expected_lists(const Owner& owner, bool at_least) const {
    std::set<std::string> lists;
    for (const PositionedEvent& entry : visible_) {
      if (entry.event.kind != EventKind::served) continue;
      const auto [user, session] = owners_of(entry.event);
      if (owner != (owner.kind == Owner::Kind::user ? user : session) || is_erased(owner, entry.position)) continue;
      bool with_user = false;
      for (std::uint64_t i = 0; at_least && owner.kind == Owner::Kind::session && i < 4; ++i) {
        with_user = with_user || is_erased({Owner::Kind::user, numbered("o", i)}, entry.position);
      }
      if (!with_user) lists.insert(entry.event.served->request);
    }
    return lists;
  }

  void check_lists(const Owner& owner) {
    std::set<std::string> found;
    const auto page = ServedLists(files_.database()).page(owner, 10'000, {});
    ASSERT_TRUE(page);
    for (const StoredList& list : page->lists) found.insert(list.list.request);
    const auto most = expected_lists(owner, false), least = expected_lists(owner, true);
    ASSERT_TRUE(std::ranges::includes(most, found)) << "an erased list of " << owner.id;
    ASSERT_TRUE(std::ranges::includes(found, least)) << "a lost list of " << owner.id;
  }

  void check() {
    for (const auto kind : {Owner::Kind::user, Owner::Kind::session}) {
      for (std::uint64_t i = 0; i < 4; ++i) {
        const Owner owner{kind, numbered("o", i)};
        std::set<std::string> items;
        const auto events = store_->recent(owner, 10'000);
        ASSERT_TRUE(events);
        for (const Event& event : *events) items.insert(event.item);
        ASSERT_EQ(items, expected(owner)) << (kind == Owner::Kind::user ? "user " : "session ") << owner.id;
        check_lists(owner);
      }
    }
  }

  static Options options() {
    Options options;
    options.max_events_per_owner = 10'000;
    options.max_event_age = std::chrono::hours(0);
    options.history_cache_bytes = 1 << 20;
    options.served.max_lists_per_owner = 10'000;
    options.served.max_age = std::chrono::hours(0);
    return options;
  }

  Random random_{freshet::testing::test_seed(1)};
  freshet::testing::TestStore files_{options()};
  std::optional<HistoryStore> store_{std::in_place, files_.database()};
  std::array<std::vector<PositionedEvent>, kPartitions> log_;
  std::array<std::size_t, kPartitions> committed_{};
  std::uint64_t next_item_ = 0;
  EventBatch last_;
  std::vector<PositionedEvent> visible_;
  std::vector<Erasure> erasures_;
};

TEST_F(ErasureProperty, NothingErasedIsSeenAgainAndNothingElseIsLost) {
  for (int round = 0; round < 200; ++round) {
    for (std::uint64_t n = random_.below(10); n > 0; --n) append_event();
    if (random_.below(8) == 0) erase_by_request();
    if (random_.below(10) == 0) append_erase(static_cast<std::int32_t>(random_.below(kPartitions)), any_owner(), false);
    if (random_.below(10) == 0) {  // requested elsewhere
      const Owner owner = any_owner();
      for (std::int32_t p = 0; p < kPartitions; ++p) append_erase(p, owner, true);
    }
    commit();
    if (random_.below(8) == 0) {  // again, as after a crash
      ASSERT_TRUE(store_->commit(last_, true));
    }
    if (random_.below(20) == 0) {
      store_.reset();
      files_.reopen();
      store_.emplace(files_.database());
    }
    if (random_.below(20) == 0) {
      Erasures erasures(files_.database());
      const auto committed = erasures.committed(*erasures.pending(), {0, 1, 2});
      ASSERT_TRUE(committed);
      ASSERT_TRUE(erasures.finish(*committed));
    }
    check();
    if (HasFatalFailure()) return;
  }
}

TEST(Erasure, IsNotOvertakenByACommitThatRunsMeanwhile) {
  constexpr std::int64_t kEvents = 1000;
  constexpr std::uint64_t kUsers = 3;
  freshet::testing::TestStore files;
  HistoryStore store(files.database());
  std::atomic<std::int64_t> appended{0};      // records of the log: an event each, of user and session
  std::array<std::int64_t, kUsers> before{};  // of each user's newest erasure; eraser only

  std::jthread writer([&] {
    for (std::int64_t committed = 0; committed < kEvents;) {
      std::vector<PositionedEvent> events;
      for (const std::int64_t end = appended; committed < end; ++committed) {
        events.push_back(user_event(committed, numbered("u", static_cast<std::uint64_t>(committed) % kUsers),
                                    numbered("i", static_cast<std::uint64_t>(committed)), 1000 + committed));
        events.back().event.session = "shared";
      }
      if (events.empty()) continue;
      EXPECT_TRUE(store.commit(batch_of(events), true));
    }
  });
  Random random(freshet::testing::test_seed(1));
  const auto seen = [&](const Owner& owner) {
    const auto events = store.recent(owner, 100);
    EXPECT_TRUE(events);
    return std::ranges::any_of(*events, [&](const Event& event) {
      for (std::uint64_t user = 0; user < kUsers; ++user) {
        if (event.user == numbered("u", user) && to_ms(event.time) - 1000 < before[user]) return true;
      }
      return false;
    });
  };
  while (appended < kEvents) {
    appended += static_cast<std::int64_t>(1 + random.below(5));
    const std::uint64_t user = random.below(kUsers);
    const std::int64_t end = appended;
    ASSERT_TRUE(store.erase({Owner::Kind::user, numbered("u", user)}, {{0, end}}));
    before[user] = end;
    ASSERT_FALSE(seen({Owner::Kind::user, numbered("u", user)}));
    ASSERT_FALSE(seen({Owner::Kind::session, "shared"}));
  }
  writer.join();
  ASSERT_FALSE(seen({Owner::Kind::session, "shared"}));
}

}  // namespace
}  // namespace freshet::store
