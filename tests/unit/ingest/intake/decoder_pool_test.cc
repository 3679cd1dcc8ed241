// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/decoder_pool.h"

#include <gtest/gtest.h>

namespace freshet::ingest {
namespace {

TEST(DecoderPool, MakesOneForEachThatIsInUseAtTheSameTime) {
  int made = 0;
  DecoderPool<int> pool([&] { return std::make_unique<int>(++made); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*pool.borrow(), 1);
  const auto first = pool.borrow();
  {
    const auto second = pool.borrow();
    EXPECT_NE(first.get(), second.get());
  }
  EXPECT_EQ(*pool.borrow(), 2) << "the one that was given back";
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace freshet::ingest
