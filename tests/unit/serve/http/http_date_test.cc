// SPDX-License-Identifier: Apache-2.0
#include "serve/http/http_date.h"

#include <gtest/gtest.h>

namespace freshet::serve {
namespace {

TEST(HttpDate, FollowsTheSecond) {
  HttpDate date;
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace freshet::serve
