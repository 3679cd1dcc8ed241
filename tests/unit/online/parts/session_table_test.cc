// SPDX-License-Identifier: Apache-2.0
#include "online/parts/session_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <numeric>
#include <thread>
#include <utility>

#include "base/random.h"

namespace freshet::online {
namespace {

using Items = std::vector<ItemIndex>;
using Sessions = std::map<std::size_t, std::pair<OwnerKey, Items>>;  // by slot

void write(SessionTable& table, std::size_t slot, std::uint64_t key, const Items& items) {
  table.write(slot, {OwnerKey{key}, static_cast<std::int64_t>(key) * 2, 7, static_cast<std::uint32_t>(items.size())},
              items.data());
}

Sessions all(const SessionTable& table) {
  Sessions sessions;
  table.for_each([&](std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
    sessions[slot] = {session.key, Items(items.begin(), items.end())};
  });
  return sessions;
}

TEST(SessionTable, AnEmptySlotHoldsNothing) {
  SessionTable table(10);
  IndexedSession session;
  std::array<ItemIndex, SessionTable::kMaxItems> items{};
  EXPECT_FALSE(table.read(9, session, items.data()));
  write(table, 9, 1, {4, 5});
  ASSERT_TRUE(table.read(9, session, items.data()));
  EXPECT_EQ(session.key, OwnerKey{1});
  EXPECT_EQ(session.time_ms, 2);
  EXPECT_EQ(session.number, 7U);
  EXPECT_EQ(session.count, 2U);
  EXPECT_EQ(Items(items.begin(), items.begin() + 3), (Items{4, 5, kNoItem}));
  table.clear(9);
  EXPECT_FALSE(table.read(9, session, items.data()));
}

TEST(SessionTable, AgreesWithAMapWhileSessionsGrowAndShrink) {
  Random random(3);
  SessionTable table(20);
  Sessions expected;
  for (int step = 0; step < 3000; ++step) {
    const auto slot = static_cast<std::size_t>(random.below(20));
    if (random.below(5) == 0) {
      table.clear(slot);
      expected.erase(slot);
    } else {
      Items items(random.below(SessionTable::kMaxItems + 1));
      for (ItemIndex& item : items) item = static_cast<ItemIndex>(random.below(1000));
      const std::uint64_t key = 1 + random.below(1000);
      write(table, slot, key, items);
      expected[slot] = {OwnerKey{key}, items};
    }
    ASSERT_EQ(all(table), expected);
  }
  EXPECT_LE(table.memory_bytes(), 20U * (64 + 224));  // blocks are used again
}

TEST(SessionTable, AReaderSeesASessionAsItWasWrittenOrNot) {
  SessionTable table(2);
  std::atomic<bool> done{false};
  std::size_t whole = 0;
  std::thread reader([&] {
    IndexedSession session;
    std::array<ItemIndex, SessionTable::kMaxItems> items{};
    while (!done || whole == 0) {
      for (std::size_t slot = 0; slot < 2; ++slot) {
        table.prefetch_rest(slot);
        if (!table.read(slot, session, items.data())) continue;
        ++whole;
        const auto key = static_cast<std::uint64_t>(session.key);
        ASSERT_EQ(session.time_ms, static_cast<std::int64_t>(key) * 2);
        ASSERT_EQ(session.count, 1 + key % SessionTable::kMaxItems);
        for (std::size_t i = 0; i < session.count; ++i) ASSERT_EQ(items[i], key + i);
      }
    }
  });
  for (std::uint64_t key = 1; key < 20'000; ++key) {
    Items items(1 + key % SessionTable::kMaxItems);
    std::iota(items.begin(), items.end(), static_cast<ItemIndex>(key));
    write(table, key % 7 % 2, key, items);
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace freshet::online
