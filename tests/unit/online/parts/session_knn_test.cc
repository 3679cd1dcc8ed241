// SPDX-License-Identifier: Apache-2.0
#include "online/parts/session_knn.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

TEST(SessionKnn, LetsSimilarSessionsVote) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2, 3}, 0);
  observe_session(*part, 2, {1, 2, 4}, 10);
  observe_session(*part, 3, {1, 2, 4}, 20);
  observe_session(*part, 4, {50, 51}, 30);
  const auto items = items_of(propose(part->live(), context_of({1, 2}, 40)));
  ASSERT_EQ(items.size(), 3U);  // 1, 3 and 4, but not what only the unlike session holds
  EXPECT_EQ(items[0], 4U);
}

TEST(SessionKnn, ASessionNeverVotesForItself) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2, 3}, 0);
  Context own = context_of({1, 2, 3}, 2, 1);
  EXPECT_TRUE(propose(part->live(), own).empty());
  own.session_key = OwnerKey{2};  // somebody else with the same clicks
  EXPECT_EQ(propose(part->live(), own).size(), 2U);
}

TEST(SessionKnn, AnEarlierSessionOfTheSamePersonMayVote) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2}, 0);
  observe_session(*part, 1, {1}, 10'000);
  EXPECT_EQ(items_of(propose(part->live(), context_of({1}, 10'000, 1))), (std::vector<ItemIndex>{2}));
}

TEST(SessionKnn, ASessionOfOneItemIsNotIndexed) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1}, 0);
  EXPECT_TRUE(propose(part->live(), context_of({1}, 10)).empty());
}

TEST(SessionKnn, ReplacesTheOldestSessionWhenFull) {
  SessionKnnOptions options;
  options.max_sessions = 2;
  const auto part = make_session_knn(options, 100);
  observe_session(*part, 1, {1, 2}, 0);
  observe_session(*part, 2, {1, 3}, 10);
  observe_session(*part, 3, {1, 4}, 20);
  std::vector<ItemIndex> items = items_of(propose(part->live(), context_of({1}, 30)));
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, (std::vector<ItemIndex>{3, 4}));
}

TEST(SessionKnn, KeepsOnlyTheNewestSessionsOfAnItem) {
  SessionKnnOptions options;
  options.max_sessions_per_item = 2;
  const auto part = make_session_knn(options, 100);
  for (ItemIndex item = 2; item < 8; ++item) observe_session(*part, item, {1, item}, item * 10);
  std::vector<ItemIndex> items = items_of(propose(part->live(), context_of({1}, 100)));
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, (std::vector<ItemIndex>{6, 7}));
}

TEST(SessionKnn, KeepsOnlyTheNewestItemsOfASession) {
  SessionKnnOptions options;
  options.max_session_items = 3;
  const auto part = make_session_knn(options, 100);
  observe_session(*part, 1, {1, 2, 3, 4, 5}, 0);
  std::vector<ItemIndex> items = items_of(propose(part->live(), context_of({4}, 100)));
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, (std::vector<ItemIndex>{3, 5}));
  EXPECT_TRUE(propose(part->live(), context_of({1}, 100)).empty());
}

TEST(SessionKnn, EraseRemovesTheSessionsOfAUserAndOfASession) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2}, 0, 77);
  observe_session(*part, 2, {1, 3}, 10, 77);
  observe_session(*part, 3, {1, 4}, 20, 78);
  observe_session(*part, 4, {1, 5}, 30);
  part->erase(OwnerKey{77});
  part->erase(OwnerKey{4});
  EXPECT_EQ(items_of(propose(part->live(), context_of({1}, 40))), (std::vector<ItemIndex>{4}));
}

TEST(SessionKnn, AForgottenItemNeitherMatchesNorGetsVotes) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2, 3}, 0);
  part->forget_item(2);
  EXPECT_EQ(items_of(propose(part->live(), context_of({1}, 10))), (std::vector<ItemIndex>{3}));
  EXPECT_TRUE(propose(part->live(), context_of({2}, 10)).empty());
}

TEST(SessionKnn, AnswersAnewOnceSomethingWasLearned) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2}, 0);
  const Context context = context_of({1}, 10);
  EXPECT_EQ(propose(part->live(), context).size(), 1U);
  observe_session(*part, 2, {1, 3}, 5);
  EXPECT_EQ(propose(part->live(), context).size(), 2U);
}

TEST(SessionKnn, AQueryScoresByTheVotesThatItProposedBy) {
  const auto part = make_session_knn({}, 100);
  observe_session(*part, 1, {1, 2}, 0);
  const Context context = context_of({1}, 10);
  const auto before = score(part->live(), context, {2, 3});
  std::unique_ptr<Query> query;
  part->live().ask(context, query);
  observe_session(*part, 2, {1, 3}, 5);  // the learner goes on meanwhile
  std::vector<Candidate> proposed;
  query->propose(10, nullptr, proposed);
  EXPECT_EQ(items_of(proposed), std::vector<ItemIndex>{2});
  std::vector<float> features(before.front().size());
  for (const auto& [item, expected] : {std::pair{ItemIndex{2}, before[0]}, {ItemIndex{3}, before[1]}}) {
    query->write_features({&item, 1}, {features.data(), features.size()});
    EXPECT_EQ(features, expected);
  }
  EXPECT_NE(score(part->live(), context, {3}).front(), before[1]) << "of a new query";
  part->erase(OwnerKey{1});
  EXPECT_EQ(score(part->live(), context, {2}).front(), before[1]) << "an erased session has no vote";
}

}  // namespace
}  // namespace freshet::online
