// SPDX-License-Identifier: Apache-2.0
#include "online/containers/cow_ptr.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace freshet::online {
namespace {

TEST(CowPtr, ACopyKeepsItsValueWhileTheNextEpochWrites) {
  auto live = CowPtr<std::string>::make(1, "one");
  const CowPtr<std::string> published = live;
  live.write(2) = "two";
  EXPECT_EQ(*published, "one");
  EXPECT_EQ(*live, "two");
}

TEST(CowPtr, AValueIsCopiedOnceAnEpoch) {
  auto live = CowPtr<std::vector<int>>::make(1);
  const auto* made = live.get();
  live.write(1).push_back(1);
  EXPECT_EQ(live.get(), made);
  const CowPtr<std::vector<int>> published = live;
  live.write(2).push_back(2);
  const auto* copied = live.get();
  EXPECT_NE(copied, made);
  live.write(2).push_back(3);
  EXPECT_EQ(live.get(), copied);
  EXPECT_EQ(*live, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(*published, std::vector<int>{1});
}

TEST(CowPtr, IsNullAtFirst) {
  EXPECT_TRUE(CowPtr<int>() == nullptr);
  EXPECT_FALSE(CowPtr<int>::make(1, 7) == nullptr);
}

}  // namespace
}  // namespace freshet::online
