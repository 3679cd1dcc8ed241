// SPDX-License-Identifier: Apache-2.0
#include "online/part/values.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace freshet::online {
namespace {

std::string problem(std::string_view text) {
  const auto values = parse_values(text, ':');
  return values ? "" : values.error().message;
}

TEST(Values, AreReadAsTypesWithNumbers) {
  EXPECT_EQ(*parse_values("purchase:10,cart:3.5,dislike:-5", ':'),
            (Values{{"purchase", 10}, {"cart", 3.5}, {"dislike", -5}}));
  EXPECT_EQ(*parse_values("purchase=1e2,", '='), (Values{{"purchase", 100}}));
  EXPECT_TRUE(parse_values("", ':')->empty());
  EXPECT_EQ(*parse_values("a:b:2", ':'), (Values{{"a:b", 2}})) << "a type may have the sign in it";
}

TEST(Values, MistakesNameTheTypeAndWhatIsExpected) {
  const std::string expected = ": expected a number from -1000000 to 1000000";
  for (const char* number :
       {"", "x", "nan", "NaN", "inf", "-inf", "infinity", "1e7", "-1000001", "1e999", "2 ", "0x1"}) {
    EXPECT_EQ(problem("purchase:" + std::string(number)), "purchase" + expected) << number;
  }
  EXPECT_EQ(problem("cart:1,purchase"), "purchase" + expected);
  EXPECT_EQ(problem("cart:1,cart:2"), "cart: given twice");
  std::string many;
  for (std::size_t n = 0; n <= kMostValues; ++n) many += "t" + std::to_string(n) + ":1,";
  EXPECT_EQ(problem(many), "more than 16 types");
}

TEST(Values, AreJudgedByTheActionsThereAre) {
  const std::array<std::string, 2> actions{"view", "purchase"};
  EXPECT_TRUE(judge_values({{"view", -1e6}, {"purchase", 1e6}}, actions).empty());
  EXPECT_EQ(judge_values({{"tea", 1}, {"purchase", NAN}, {"view", INFINITY}}, actions),
            (OptionProblems{{"purchase", "expected a number from -1000000 to 1000000"},
                            {"tea", "is none of online.blender.actions: view, purchase"},
                            {"view", "expected a number from -1000000 to 1000000"}}));
}

}  // namespace
}  // namespace freshet::online
