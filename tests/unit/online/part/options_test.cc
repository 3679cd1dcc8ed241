#include "online/part/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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

TEST(Options, EventsAreScoredWithinATimeAndNeverNone) {
  Options options;
  options.score_all_within = std::chrono::milliseconds(0);
  for (const double share : {0.0, -0.1, 1.1, std::nan("")}) {
    options.least_scored = share;
    EXPECT_EQ(options.validate(),
              (std::vector<std::string>{"score_all_within: must be at least 1 ms",
                                        "least_scored: must be above 0, at most 1 (every event is scored)"}));
  }
}

TEST(Options, UsersCannotBeComparedWithoutTheirVectors) {
  Options options;
  options.parts = {"user_cf"};
  ASSERT_EQ(options.validate().size(), 1U);
  EXPECT_EQ(options.validate().front(),
            "parts: user_cf compares the users' vectors of matrix_factorisation, which is missing");
  options.parts = {"matrix_factorisation", "user_cf"};
  EXPECT_TRUE(options.validate().empty());
  options.user_cf.max_users = options.matrix_factorisation.max_users + 1;
  EXPECT_EQ(options.validate().size(), 1U);
}

TEST(Options, EveryPartCanBeOnAtOnce) {
  Options options;
  options.parts.assign(kPartNames.begin(), kPartNames.end());
  EXPECT_TRUE(options.validate().empty());
}

}  // namespace
}  // namespace freshet::online
