#include "serve/recommend/excluded_types.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::serve {
namespace {

using std::chrono::hours;

constexpr Timestamp kNow{std::chrono::milliseconds{1'700'000'000'000}};

Event event(std::string type, Timestamp time) {
  Event event;
  event.type = std::move(type);
  event.time = time;
  return event;
}

std::string problem(std::string_view text) {
  const auto types = ExcludedTypes::parse(text);
  return types ? "" : types.error().message;
}

TEST(ExcludedTypes, AnEventCountsUpToTheAgeOfItsType) {
  const auto types = ExcludedTypes::parse("purchase:90d,cart:1h,like");
  ASSERT_TRUE(types.has_value());
  EXPECT_TRUE(types->matches(event("cart", kNow - hours(1)), kNow));
  EXPECT_FALSE(types->matches(event("cart", kNow - hours(1) - std::chrono::milliseconds(1)), kNow));
  EXPECT_TRUE(types->matches(event("purchase", kNow - hours(2)), kNow));
  EXPECT_FALSE(types->matches(event("purchase", kNow - hours(91 * 24)), kNow));
  EXPECT_TRUE(types->matches(event("like", {}), kNow));
  EXPECT_FALSE(types->matches(event("view", kNow), kNow));
  EXPECT_FALSE(types->empty());
}

TEST(ExcludedTypes, ATypeMayHaveCommasAndColons) {
  const auto types = ExcludedTypes::parse(R"(shop\:a\,b:1h,,back\\slash,c:\d)");
  EXPECT_FALSE(types.has_value()) << "\\d is no duration";
  const auto escaped = ExcludedTypes::parse(R"(shop\:a\,b:1h,,back\\slash,c\d)");
  ASSERT_TRUE(escaped.has_value());
  EXPECT_EQ(escaped->types().size(), 3U);
  for (const char* type : {"shop:a,b", "back\\slash", "c\\d"}) EXPECT_TRUE(escaped->matches(event(type, kNow), kNow));
  EXPECT_TRUE(ExcludedTypes::parse("")->empty());
  EXPECT_TRUE(ExcludedTypes::parse(",")->empty());
  ExcludedTypes none;
  EXPECT_TRUE(none.add(""));
  EXPECT_TRUE(none.empty());
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
  EXPECT_TRUE(types->matches(event("cart", {}), kNow));
}

}  // namespace
}  // namespace freshet::serve
