// SPDX-License-Identifier: Apache-2.0
#include "online/model/unknown_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace freshet::online {
namespace {

Event of_type(std::string type) {
  Event event;
  event.item = "i";
  event.type = std::move(type);
  return event;
}

TEST(UnknownTypes, AreThoseThatNoTableNames) {
  Options options;
  options.type_aliases["seen"] = "view";
  UnknownTypes unknown(options);
  for (const char* known : {"view", "seen", "dislike", "refund", "transaction"})
    EXPECT_FALSE(unknown.has(of_type(known)));
  EXPECT_TRUE(unknown.has(of_type("veiw")));
  Event erasure = of_type("veiw");
  erasure.kind = EventKind::erase;
  EXPECT_FALSE(unknown.has(erasure));
  options.type_weights["*"] = 1;
  EXPECT_FALSE(unknown.has(of_type("veiw"))) << "learned with the weight of all others";
}

TEST(UnknownTypes, EachIsLoggedOnceAndNotWithoutBound) {
  const Options options;
  UnknownTypes unknown(options);
  testing::internal::CaptureStderr();
  for (int round = 0; round < 3; ++round) {
    for (int type = 0; type < 100; ++type) EXPECT_TRUE(unknown.has(of_type("type-" + std::to_string(type))));
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), static_cast<std::ptrdiff_t>(UnknownTypes::kMost) + 1) << log;
  EXPECT_NE(log.find("type-19"), std::string::npos);
  EXPECT_EQ(log.find("type-20"), std::string::npos);
}

}  // namespace
}  // namespace freshet::online
