// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/excluded_types.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::serve {
namespace {

using std::chrono::hours;

constexpr Timestamp kNow{std::chrono::milliseconds{1'700'000'000'000}};

std::string problem(std::string_view text) {
  const auto types = ExcludedTypes::parse(text);
  return types ? "" : types.error().message;
}

TEST(ExcludedTypes, AnEventCountsUpToTheAgeOfItsType) {
  const auto types = ExcludedTypes::parse("purchase:90d,cart:1h,like");
  ASSERT_TRUE(types.has_value());
  EXPECT_TRUE(types->matches("cart", kNow - hours(1), kNow));
  EXPECT_FALSE(types->matches("cart", kNow - hours(1) - std::chrono::milliseconds(1), kNow));
  EXPECT_TRUE(types->matches("purchase", kNow - hours(2), kNow));
  EXPECT_FALSE(types->matches("purchase", kNow - hours(91 * 24), kNow));
  EXPECT_TRUE(types->matches("like", {}, kNow));
  EXPECT_FALSE(types->matches("view", kNow, kNow));
  EXPECT_FALSE(types->empty());
}

TEST(ExcludedTypes, ATypeMayHaveCommasAndColons) {
  const auto types = ExcludedTypes::parse(R"(shop\:a\,b:1h,,back\\slash,c:\d)");
  EXPECT_FALSE(types.has_value()) << "\\d is no duration";
  const auto escaped = ExcludedTypes::parse(R"(shop\:a\,b:1h,,back\\slash,c\d)");
  ASSERT_TRUE(escaped.has_value());
  EXPECT_EQ(escaped->types().size(), 3U);
  for (const char* type : {"shop:a,b", "back\\slash", "c\\d"}) EXPECT_TRUE(escaped->matches(type, kNow, kNow));
  EXPECT_TRUE(ExcludedTypes::parse("")->empty());
  EXPECT_TRUE(ExcludedTypes::parse(",")->empty());
  ExcludedTypes none;
  EXPECT_TRUE(none.add(""));
  EXPECT_TRUE(none.empty());
}

TEST(ExcludedTypes, OtherSpellingsCountAsTheirTypeWithTheLongestAge) {
  const online::Options options;
  const auto counted = [&](const char* text) { return ExcludedTypes::parse(text)->counted_as(options); };
  EXPECT_TRUE(counted("transaction").matches("purchase", {}, kNow));
  for (const char* text : {"transaction:1h,purchase:2h", "purchase:1h,transaction:2h"}) {
    EXPECT_EQ(counted(text).types().size(), 1U);
    EXPECT_TRUE(counted(text).matches("purchase", kNow - hours(2), kNow)) << text;
    EXPECT_FALSE(counted(text).matches("purchase", kNow - hours(3), kNow)) << text;
  }
  for (const char* text : {"transaction,purchase:2h", "transaction:2h,purchase"}) {
    EXPECT_TRUE(counted(text).matches("purchase", {}, kNow)) << text;
  }
}

TEST(ExcludedTypes, MistakesAreNamed) {
  EXPECT_EQ(problem("purchase:90x"), "\"90x\" is not a duration such as 12h or 90d");
  EXPECT_EQ(problem("purchase:"), "\"\" is not a duration such as 12h or 90d");
  EXPECT_EQ(problem("cart,purchase:1d:2d"), "\"1d:2d\" is not a duration such as 12h or 90d");
  EXPECT_EQ(problem("cart,:90d"), "\":90d\" names no type");
  EXPECT_EQ(problem("cart:1d,cart:2d"), "\"cart\" given twice");
  std::string many;
  for (std::size_t n = 0; n <= ExcludedTypes::kMost; ++n) many += "t" + std::to_string(n) + ",";
  EXPECT_EQ(problem(many), "more than 64 types");
}

TEST(ExcludedTypes, TheLongestAgeReachesBackBeforeAllEvents) {
  const auto types = ExcludedTypes::parse("cart:9223372036854775807ms");
  ASSERT_TRUE(types.has_value());
  EXPECT_TRUE(types->matches("cart", {}, kNow));
}

}  // namespace
}  // namespace freshet::serve
