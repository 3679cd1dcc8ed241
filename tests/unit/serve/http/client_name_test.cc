// SPDX-License-Identifier: Apache-2.0
#include "serve/http/client_name.h"

#include <gtest/gtest.h>

#include <set>

namespace freshet::serve {
namespace {

std::string name_of(const std::string& address) { return client_name(boost::asio::ip::make_address(address)); }

TEST(ClientName, IsTheSameForOneClient) {
  EXPECT_EQ(name_of("192.0.2.1").size(), 5U);
  EXPECT_EQ(name_of("::ffff:192.0.2.1"), name_of("192.0.2.1"));
  EXPECT_EQ(name_of("2001:db8:1:2::1"), name_of("2001:db8:1:2:ffff::2"));
  EXPECT_NE(name_of("2001:db8:1:2::1"), name_of("2001:db8:1:3::1"));
}

TEST(ClientName, TellsNeighborsApartAndHidesWhoTheyAre) {
  std::set<std::string> names;
  for (int i = 0; i < 20'000; ++i) {
    names.insert(name_of("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
  }
  EXPECT_GT(names.size(), 19'600U);  // of 2^20 names
  EXPECT_LT(names.size(), 20'000U);
}

}  // namespace
}  // namespace freshet::serve
