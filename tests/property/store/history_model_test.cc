// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/random.h"
#include "store/history_store.h"
#include "store/rocks.h"
#include "tests/support/history_events.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

/// The expected contents of the history store, in the simplest form.
struct Reference {
  // per owner: (time, offset) -> item, all of them
  std::map<Owner, std::map<std::pair<std::int64_t, std::int64_t>, std::string>> rows;
  std::map<std::string, std::int64_t> ids;  // id -> offset that was accepted

  void add(const PositionedEvent& entry) {
    const Event& event = entry.event;
    const Owner owner{Owner::Kind::user, event.user};
    if (event.kind == EventKind::erase) {
      rows.erase(owner);
      return;
    }
    if (!event.id.empty()) {
      const auto [known, fresh] = ids.emplace(event.id, entry.position.offset);
      if (!fresh && known->second != entry.position.offset) return;
    }
    rows[owner][{to_ms(event.time), entry.position.offset}] = event.item;
  }

  std::vector<std::string> newest(const Owner& owner, std::size_t limit) const {
    std::vector<std::string> items;
    const auto found = rows.find(owner);
    if (found == rows.end()) return items;
    for (auto it = found->second.rbegin(); it != found->second.rend() && items.size() < limit; ++it)
      items.push_back(it->second);
    return items;
  }
};

TEST(HistoryModel, BehavesAsAMapWhateverHappens) {
  Random random(freshet::testing::test_seed(1));
  Options options;
  options.max_events_per_owner = 15;
  options.max_event_age = std::chrono::hours(0);
  options.memtable_bytes = 1 << 20;
  freshet::testing::TestStore files(options);
  std::optional<HistoryStore> store(std::in_place, files.database());
  Reference reference;
  std::vector<EventBatch> log;
  std::int64_t offset = 0;

  for (int round = 0; round < 300; ++round) {
    std::vector<PositionedEvent> events;
    for (std::uint64_t n = 1 + random.below(20); n > 0; --n) {
      auto entry = freshet::testing::user_event(offset, freshet::testing::numbered("u", random.below(6)),
                                                freshet::testing::numbered("i", static_cast<std::uint64_t>(offset)),
                                                1000 + offset - static_cast<std::int64_t>(random.below(30)));
      if (random.below(4) == 0) entry.event.id = freshet::testing::numbered("id", random.below(200));
      if (random.below(60) == 0) entry.event.kind = EventKind::erase;
      events.push_back(entry);
      ++offset;
    }
    log.push_back(freshet::testing::batch_of(events));
    ASSERT_TRUE(store->commit(log.back(), true));
    for (const auto& entry : events) reference.add(entry);

    if (random.below(8) == 0) {  // commits the last batch again, as after a crash
      ASSERT_TRUE(store->commit(log.back(), true));
    }
    if (random.below(15) == 0) {
      store.reset();
      files.reopen();
      store.emplace(files.database());
    }
    if (random.below(15) == 0) {
      auto& impl = files.database().impl();
      ASSERT_TRUE(impl.db->Flush({}, impl.family(Family::history)).ok());
      ASSERT_TRUE(impl.db->CompactRange({}, impl.family(Family::history), nullptr, nullptr).ok());
    }
    for (std::uint64_t user = 0; user < 6; ++user) {
      const Owner owner{Owner::Kind::user, freshet::testing::numbered("u", user)};
      ASSERT_EQ(freshet::testing::items_of_events(*store->recent(owner, 100)), reference.newest(owner, 15));
      ASSERT_EQ(*store->count(owner), reference.newest(owner, 15).size());
    }
    ASSERT_EQ(*store->positions(), (Positions{{0, offset}}));
  }
}

}  // namespace
}  // namespace freshet::store
