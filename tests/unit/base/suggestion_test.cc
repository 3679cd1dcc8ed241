// SPDX-License-Identifier: Apache-2.0
#include "base/suggestion.h"

#include <gtest/gtest.h>

#include <vector>

namespace freshet {
namespace {

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> known{"serve.port", "serve.threads", "store.directory"};
  EXPECT_EQ(nearest("serve.prot", known), "serve.port");
  EXPECT_EQ(nearest("serve.thread", known), "serve.threads");
  EXPECT_EQ(nearest("completely.else", known), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace freshet
