// SPDX-License-Identifier: Apache-2.0
#include "app/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace freshet::app {
namespace {

TEST(DescriptorLimit, IsRaisedToTheHardLimit) {
  const std::size_t raised = raise_descriptor_limit();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
  EXPECT_EQ(raised, limit.rlim_max);
}

TEST(DescriptorLimit, LeavesFilesForTheStore) {
  EXPECT_EQ(connections_within(65'536, 4096), 4096U);
  EXPECT_EQ(connections_within(5'000, 4096), 3800U);
  EXPECT_EQ(connections_within(2'400, 4096), 1200U);
  EXPECT_EQ(connections_within(1'024, 4096), 512U);
  EXPECT_EQ(connections_within(1'024, 100), 100U);
  EXPECT_EQ(connections_within(1, 4096), 1U);
  EXPECT_EQ(connections_within(0, 4096), 1U);
}

}  // namespace
}  // namespace freshet::app
