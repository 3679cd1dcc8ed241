// SPDX-License-Identifier: Apache-2.0
#include "online/containers/user_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace freshet::online {
namespace {

using Names = UserTable<std::vector<std::string>>;
constexpr auto kIgnore = [](const std::vector<std::string>&) {};

std::vector<std::string> value_of(const Names& table, OwnerKey key) {
  std::vector<std::string> found;
  table.read(key, [&](const std::vector<std::string>& value) { found = value; });
  return found;
}

TEST(UserTable, AValueIsReadByItsUsersKeyOnly) {
  Names table(4);
  const auto claim = table.claim(OwnerKey{7}, kIgnore);
  EXPECT_TRUE(claim.is_new);
  table.change(claim.slot, [](auto& value) { value.push_back("seven"); });
  EXPECT_FALSE(table.claim(OwnerKey{7}, kIgnore).is_new);
  EXPECT_EQ(value_of(table, OwnerKey{7}), std::vector<std::string>{"seven"});
  EXPECT_FALSE(table.read(OwnerKey{8}, kIgnore));
  EXPECT_FALSE(table.read(kNobody, kIgnore));
}

TEST(UserTable, TheLeastRecentlyActiveUserMakesRoomAndLeavesTheirValueBehind) {
  Names table(2);
  for (const std::uint64_t key : {1, 2}) {
    table.change(table.claim(OwnerKey{key}, kIgnore).slot, [&](auto& value) { value.push_back(std::to_string(key)); });
  }
  table.claim(OwnerKey{1}, kIgnore);
  std::vector<std::string> left;
  const auto claim = table.claim(OwnerKey{3}, [&](const auto& value) { left = value; }, 2, "new");
  EXPECT_TRUE(claim.is_new);
  EXPECT_EQ(left, std::vector<std::string>{"2"});
  EXPECT_FALSE(table.read(OwnerKey{2}, kIgnore));
  EXPECT_EQ(value_of(table, OwnerKey{3}), (std::vector<std::string>{"new", "new"}));
  EXPECT_EQ(value_of(table, OwnerKey{1}), std::vector<std::string>{"1"});
}

TEST(UserTable, AnErasedUserIsGoneAndTheSlotIsReused) {
  Names table(8);
  const auto slot = table.claim(OwnerKey{1}, kIgnore).slot;
  table.change(slot, [](auto& value) { value.push_back("secret"); });
  std::vector<std::string> left;
  EXPECT_EQ(table.erase(OwnerKey{1}, [&](const auto& value) { left = value; }), slot);
  EXPECT_EQ(left, std::vector<std::string>{"secret"});
  EXPECT_EQ(table.erase(OwnerKey{1}, kIgnore), Names::kNone);
  EXPECT_TRUE(table.at(slot).empty());
  table.read_slot(slot, [](OwnerKey key, const auto& value) {
    EXPECT_EQ(key, kNobody);
    EXPECT_TRUE(value.empty());
  });
  EXPECT_EQ(table.claim(OwnerKey{2}, kIgnore).slot, slot);
}

TEST(UserTable, ASavedTableIsTheSameTable) {
  Names table(3);
  for (const std::uint64_t key : {5, 6, 7}) {
    table.change(table.claim(OwnerKey{key}, kIgnore).slot, [&](auto& value) { value.push_back(std::to_string(key)); });
  }
  table.erase(OwnerKey{6}, kIgnore);
  const auto write = [](ByteWriter& out) {
    return [&out](const std::vector<std::string>& value) { out.string(value.empty() ? "" : value.front()); };
  };
  std::string saved, saved_again;
  ByteWriter out(saved), out_again(saved_again);
  table.save(out, write(out));
  Names loaded(3);
  ByteReader in(saved);
  ASSERT_TRUE(loaded.load(in, [&in](OwnerKey key, std::vector<std::string>& value) {
    const std::string text(in.string());
    if (!text.empty()) value.push_back(text);
    return (key == kNobody) == value.empty();
  }));
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(value_of(loaded, OwnerKey{5}), std::vector<std::string>{"5"});
  EXPECT_FALSE(loaded.read(OwnerKey{6}, kIgnore));
  loaded.save(out_again, write(out_again));
  EXPECT_EQ(saved_again, saved);
  EXPECT_EQ(loaded.claim(OwnerKey{8}, kIgnore).slot, table.claim(OwnerKey{8}, kIgnore).slot);
}

}  // namespace
}  // namespace freshet::online
