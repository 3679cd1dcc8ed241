#include "online/options.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace freshet::online {
namespace {

TEST(Options, DefaultsAreValid) { EXPECT_EQ(Options{}.validate(), std::vector<std::string>{}); }

TEST(Options, NamesEveryProblemAtOnce) {
  Options options;
  options.max_items = 0;
  options.type_weights["view"] = -1;
  options.popularity.half_life_hours = {6, 1};
  options.session_knn.max_session_items = 1000;
  options.lstm.dimension = 20;
  const std::vector<std::string> problems = options.validate();
  ASSERT_EQ(problems.size(), 5U);
  for (const char* key : {"max_items", "type_weights.view", "popularity.half_life_hours",
                          "session_knn.max_session_items", "lstm.dimension"}) {
    EXPECT_TRUE(std::any_of(problems.begin(), problems.end(), [key](const std::string& problem) {
      return problem.starts_with(key);
    })) << key;
  }
}

}  // namespace
}  // namespace freshet::online
