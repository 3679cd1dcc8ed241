// SPDX-License-Identifier: Apache-2.0
#include "serve/http/memory_budget.h"

#include <gtest/gtest.h>

namespace freshet::serve {
namespace {

TEST(MemoryBudget, SharesTakeNoMoreThanThereIsAndGiveItBack) {
  MemoryBudget budget(10);
  MemoryBudget::Share first(budget);
  EXPECT_TRUE(first.grow_to(6));
  {
    MemoryBudget::Share second(budget);
    EXPECT_FALSE(second.grow_to(5));
    EXPECT_TRUE(second.grow_to(4));
    EXPECT_FALSE(first.grow_to(7));
    EXPECT_TRUE(first.grow_to(3)) << "it has more";
  }
  EXPECT_TRUE(first.grow_to(10));
  first.release();
  EXPECT_TRUE(MemoryBudget::Share(budget).grow_to(10));
}

}  // namespace
}  // namespace freshet::serve
