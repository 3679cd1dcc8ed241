// SPDX-License-Identifier: Apache-2.0
#include "online/all_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "online/model/model.h"
#include "tests/support/every_part.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(AllParts, DefaultsAreValid) { EXPECT_EQ(Options(all_parts()).validate(), OptionProblems{}); }

TEST(AllParts, CanBeOnAtOnce) { EXPECT_EQ(testing::with_every_part(all_parts()).validate(), OptionProblems{}); }

TEST(AllParts, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const PartKind* kind : all_parts()) {
    EXPECT_TRUE(names.insert(kind->name).second) << kind->name;
    if (kind->saved_name.empty()) continue;
    EXPECT_TRUE(names.insert(kind->saved_name).second) << kind->saved_name;
  }
}

TEST(AllParts, BuildOnPartsBeforeThem) {
  std::set<std::string_view> before;
  for (const PartKind* kind : all_parts()) {
    EXPECT_TRUE(kind->builds_on.empty() || before.contains(kind->builds_on)) << kind->name;
    before.insert(kind->name);
  }
}

// A checkpoint of 0.1.0 with the default options must load: this text, from its code, is compared.
TEST(AllParts, TheFingerprintOfTheDefaultsIsThatOfOldCheckpoints) {
  const Options options(all_parts());
  const std::string bytes = testing::saved(Model(options, make_parts(options)));
  ByteReader in(bytes);
  in.varint();
  EXPECT_EQ(in.string(),
            "items 1000000 popularity.log_count popularity.log_count_0 popularity.log_count_2 popularity.trend_0 "
            "popularity.trend_1 popularity.log_count_ever popularity.log_age_hours popularity.opens "
            "popularity.revisits covisitation.own covisitation.last_0 covisitation.last_1 covisitation.last_2 "
            "covisitation.last_3 covisitation.last_4 covisitation.second_last covisitation.older "
            "covisitation.log_count covisitation.recency session_knn.own session_knn.log_votes "
            "session_knn.log_idf_votes session_knn.log_recent_votes session_knn.log_votes_after "
            "session_knn.log_voters session_knn.log_share session_knn.log_share_after recurrence.recency "
            "recurrence.in_session recurrence.times recurrence.log_seconds_ago recurrence.log_steps_back "
            "recurrence.opened_session recurrence.followed recurrence.preceded recurrence.session_length "
            "recurrence.log_pause recurrence.session_revisits recurrence.last_was_revisit user_history.own "
            "user_history.log_count user_history.log_hours_ago user_history.share user_history.log_items "
            "matrix_factorisation.own matrix_factorisation.share matrix_factorisation.affinity "
            "matrix_factorisation.bias matrix_factorisation.known lstm.own lstm.share lstm.affinity lstm.bias "
            "lstm.known popularity 0.500000 popularity 6.000000 popularity 48.000000 covisitation 6.000000 "
            "covisitation 72.000000 neighbours 200 sessions 200000 per_item 500 session_items 64 hidden 32");
}

TEST(AllParts, TheTableOfTheReadmeIsUpToDate) {
  std::string expected;
  for (const PartKind* kind : all_parts()) {
    expected.append("| `").append(kind->name).append("` | ").append(kind->about);
    expected.append(kind->on_by_default ? " |\n" : "; off by default |\n");
  }
  std::ifstream in(FRESHET_SOURCE_DIR "/README.md");
  std::string line, actual;
  while (std::getline(in, line) && !line.starts_with("| part |")) continue;
  std::getline(in, line);  // of dashes
  while (std::getline(in, line) && line.starts_with("| `")) actual += line + "\n";
  EXPECT_EQ(actual, expected);
}

}  // namespace
}  // namespace freshet::online
