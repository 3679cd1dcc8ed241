#include "online/part/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/light_parts.h"

namespace freshet::online {
namespace {

using testing::light_options;

TEST(Options, DefaultsAreValid) { EXPECT_EQ(light_options().validate(), OptionProblems{}); }

TEST(Options, NamesEveryProblemAtOnce) {
  Options options = light_options();
  options.max_items = 0;
  options.type_weights["view"] = -1;
  options.part<PopularityOptions>().half_life_hours = {6, 1};
  options.part<SessionKnnOptions>().max_session_items = 1000;
  options.part<MatrixFactorizationOptions>().dimension = 20;
  EXPECT_EQ(options.validate(),
            (OptionProblems{
                {"max_items", "expected an integer 100 to 100000000"},
                {"type_weights.view", "must be 0 (not learned) to 1000"},
                {"popularity.half_life_hours", "expected a list of 1 to 4 numbers above 0 in rising order"},
                {"session_knn.max_session_items", "expected an integer 2 to 64"},
                {"matrix_factorization.dimension", "expected an integer 16 to 1024, a multiple of 16"},
            }));
}

TEST(Options, EventsAreScoredWithinATimeAndNeverNone) {
  Options options = light_options();
  options.score_all_within = std::chrono::milliseconds(0);
  for (const double share : {0.0, -0.1, 1.1, std::nan("")}) {
    options.least_scored = share;
    EXPECT_EQ(options.validate(),
              (OptionProblems{{"score_all_within", "expected a duration 1ms to 1m, such as \"30s\""},
                              {"least_scored", "expected a number 0.01 to 1"}}));
  }
}

TEST(Options, UsersCannotBeComparedWithoutTheirVectors) {
  Options options = light_options();
  options.parts = {"user_cf"};
  EXPECT_EQ(options.validate(), (OptionProblems{{"parts", "user_cf needs matrix_factorization, which is missing"}}));
  options.parts = {"matrix_factorization", "user_cf"};
  EXPECT_TRUE(options.validate().empty());
  options.part<UserCfOptions>().max_users = options.part<MatrixFactorizationOptions>().max_users + 1;
  EXPECT_EQ(options.validate(),
            (OptionProblems{{"user_cf.max_users", "must not exceed online.matrix_factorization.max_users"}}));
}

TEST(Options, APartIsReadUnderItsFormerNameWithAWarning) {
  Options options = light_options();
  EXPECT_EQ(options.set_parts({"popularity", "matrix_factorisation"}),
            (OptionProblems{{"parts", "\"matrix_factorisation\" is now called \"matrix_factorization\"", true}}));
  EXPECT_EQ(options.parts, (std::vector<std::string>{"popularity", "matrix_factorization"}));
  EXPECT_EQ(options.set_parts({"matrix_factorization", "matrix_factorisation"}),
            (OptionProblems{
                {"parts", "\"matrix_factorisation\" is now called \"matrix_factorization\", which is given too"}}));
  EXPECT_EQ(options.parts, (std::vector<std::string>{"popularity", "matrix_factorization"}));
}

TEST(Options, AnUnknownPartIsToldWhichThereAre) {
  Options options = light_options();
  EXPECT_TRUE(options.set_parts({"popularty"}).empty());
  EXPECT_EQ(
      options.validate(),
      (OptionProblems{{"parts",
                       "\"popularty\" is none of popularity, covisitation, session_knn, recurrence, user_history, "
                       "matrix_factorization, user_cf"}}));
}

TEST(Options, OfAPartAreTheDefaultsUntilTheyAreChanged) {
  Options options = light_options();
  EXPECT_EQ(std::as_const(options).part<UserCfOptions>().max_items_per_user, 10U);
  options.part<UserCfOptions>().max_items_per_user = 3;
  const Options copy = options;
  options.part<UserCfOptions>().max_items_per_user = 4;
  EXPECT_EQ(copy.part<UserCfOptions>().max_items_per_user, 3U);
}

}  // namespace
}  // namespace freshet::online
