// SPDX-License-Identifier: Apache-2.0
#include "base/take.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(Take, AByteOrderMarkIsTakenFromTheFrontOnce) {
  std::string_view text = "\xEF\xBB\xBF\xEF\xBB\xBFx";
  EXPECT_EQ(take_byte_order_mark(text), 3U);
  EXPECT_EQ(text, "\xEF\xBB\xBFx");
  for (std::string_view without : {"", "x", "\xEF\xBB", "x\xEF\xBB\xBF"}) {
    const std::string_view before = without;
    EXPECT_EQ(take_byte_order_mark(without), 0U);
    EXPECT_EQ(without, before);
  }
}

}  // namespace
}  // namespace freshet
