// SPDX-License-Identifier: Apache-2.0
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

TEST(Options, OtherSpellingsOfATypeHaveItsWeight) {
  Options options;
  EXPECT_EQ(options.weight_of("add_to_cart"), options.weight_of("cart"));
  EXPECT_EQ(options.weight_of("transaction"), options.weight_of("purchase"));
  for (const char* not_positive : {"removefromcart", "remove_from_cart", "return", "refund"}) {
    EXPECT_EQ(options.weight_of(not_positive), 0) << not_positive;
    EXPECT_TRUE(options.knows_type(not_positive));
  }
  EXPECT_EQ(options.weight_of("never heard of"), 0);
  options.type_weights["transaction"] = 7;
  EXPECT_EQ(options.type_of("transaction"), "transaction") << "a weight of its own makes it a type of its own";
  EXPECT_EQ(options.weight_of("transaction"), 7);
}

TEST(Options, ASpellingStandsForATypeAndNotForAnotherSpelling) {
  Options options = light_options();
  options.type_aliases = {{"seen", "view"}, {"watched", "seen"}, {"view", "view"}, {"a", ""}, {"b", "$erase"}};
  EXPECT_EQ(options.validate(),
            (OptionProblems{{"type_aliases.a", "\"\" cannot be an event type"},
                            {"type_aliases.b", "\"$erase\" cannot be an event type"},
                            {"type_aliases.watched", "\"seen\" stands for another type itself: \"view\""}}));
}

TEST(Options, AnEventTeachesMoreTheLargerItsValue) {
  Options options;
  Event event;
  event.type = "stars";
  options.type_aliases["stars"] = "rating";
  const auto weight = [&](float value) {
    event.value = value;
    return options.weight_of(event);
  };
  EXPECT_EQ(weight(5), weight(1)) << "unless values of the type count, they do not";
  options.least_value["rating"] = 2;
  options.type_weights["rating"] = 3;
  EXPECT_EQ(weight(2), 3);
  EXPECT_EQ(weight(5), 7.5);
  EXPECT_EQ(weight(1e9F), 30) << "bounded";
  for (const float low : {1.99F, 0.0F, -5.0F}) EXPECT_EQ(weight(low), 0) << low;
  event.type = "purchase";
  EXPECT_EQ(weight(0.5F), options.weight_of("purchase"));
}

TEST(Options, TheLeastValueIsAPositiveNumber) {
  Options options = light_options();
  options.least_value = {{"a", 0}, {"b", -1}, {"c", NAN}, {"d", INFINITY}, {"e", 0.5}};
  const auto problems = options.validate();
  ASSERT_EQ(problems.size(), 4U);
  for (const auto& problem : problems) EXPECT_EQ(problem.message, "must be above 0 and at most 1000000");
  EXPECT_EQ(problems.front().key, "least_value.a");
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
