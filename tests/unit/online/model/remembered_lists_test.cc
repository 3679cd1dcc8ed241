// SPDX-License-Identifier: Apache-2.0
#include "online/model/remembered_lists.h"

#include <gtest/gtest.h>

namespace freshet::online {
namespace {

TEST(RememberedLists, OfTooManySessionsTheOldestListIsForgotten) {
  RememberedLists lists(2);
  lists.renew(OwnerKey{1}).item = 10;
  lists.renew(OwnerKey{2}).item = 20;
  lists.renew(OwnerKey{1}).item = 11;  // newer than that of 2 now
  lists.renew(OwnerKey{3}).item = 30;
  EXPECT_EQ(lists.find(OwnerKey{2}), nullptr);
  ASSERT_NE(lists.find(OwnerKey{1}), nullptr);
  EXPECT_EQ(lists.find(OwnerKey{1})->item, 11U);
  EXPECT_EQ(lists.size(), 2U);
}

TEST(RememberedLists, ANewListHasNothingOfTheOneBefore) {
  RememberedLists lists(2);
  RememberedList& list = lists.renew(OwnerKey{1});
  list.actions = 3;
  list.rows = {1, 2, 3};
  list.user = OwnerKey{9};
  const RememberedList& next = lists.renew(OwnerKey{1});
  EXPECT_EQ(next.actions, 0U);
  EXPECT_TRUE(next.rows.empty());
  EXPECT_EQ(next.user, kNobody);
}

TEST(RememberedLists, ErasesByUserAndBySession) {
  RememberedLists lists(4);
  lists.renew(OwnerKey{1}).user = OwnerKey{7};
  lists.renew(OwnerKey{2}).user = OwnerKey{7};
  lists.renew(OwnerKey{3});
  lists.erase(OwnerKey{7});
  EXPECT_EQ(lists.size(), 1U);
  lists.erase(OwnerKey{3});
  EXPECT_EQ(lists.size(), 0U);
}

TEST(RememberedLists, ASavedStateIsCutDownToItsNewestAndBadOnesAreRefused) {
  RememberedLists lists(4);
  for (std::uint64_t session = 1; session <= 4; ++session) lists.renew(OwnerKey{session}).rows = {1, -2};
  std::string bytes;
  ByteWriter out(bytes);
  lists.save(out);
  RememberedLists smaller(3);
  ByteReader in(bytes);
  ASSERT_TRUE(smaller.load(in, 2));
  EXPECT_EQ(smaller.find(OwnerKey{1}), nullptr);
  ASSERT_NE(smaller.find(OwnerKey{2}), nullptr);
  EXPECT_EQ(smaller.find(OwnerKey{4})->rows, (std::vector<std::int8_t>{1, -2}));
  ByteReader of_another_width(bytes);
  EXPECT_FALSE(RememberedLists(3).load(of_another_width, 3));
  ByteReader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_FALSE(RememberedLists(3).load(cut, 2));
}

}  // namespace
}  // namespace freshet::online
