// SPDX-License-Identifier: Apache-2.0
#include "online/parts/matrix_factorization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/random.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

constexpr std::size_t kMaxItems = 200;
constexpr std::size_t kTaste = 20;  // items of one taste: t * kTaste .. (t + 1) * kTaste - 1

struct Fixture {
  std::shared_ptr<UserVectors> users = std::make_shared<UserVectors>(16, 1000);
  std::unique_ptr<Part> part = make_matrix_factorization({.dimension = 16, .max_users = 1000}, kMaxItems, 1, users);

  /// Users of three tastes, each of whom clicks on items of one.
  void learn_tastes(std::size_t count, std::uint64_t first_user = 1000) {
    Random random(5);
    for (std::uint64_t user = first_user; user < first_user + count; ++user) {
      for (int click = 0; click < 8; ++click) {
        const auto item = static_cast<ItemIndex>(user % 3 * kTaste + random.below(kTaste));
        const auto time = static_cast<std::int64_t>(user * 10) + click;
        part->observe({}, {item, 1.0F, at_seconds(time), click == 0, OwnerKey{user}, OwnerKey{user}});
      }
    }
  }

  static Context of_user(std::uint64_t user, std::initializer_list<ItemIndex> items = {}) {
    Context context = context_of(items, 1'000'000);
    context.user_key = OwnerKey{user};
    return context;
  }

  /// Of the ten items proposed to `user`, how many are of `taste`.
  std::size_t of_taste(std::uint64_t user, std::size_t taste) const {
    const auto items = items_of(propose(part->live(), of_user(user), 10));
    return static_cast<std::size_t>(std::ranges::count_if(items, [&](ItemIndex i) { return i / kTaste == taste; }));
  }
};

TEST(MatrixFactorization, ANewUserIsKnownByTheirFirstClick) {
  Fixture f;
  f.learn_tastes(300);
  EXPECT_TRUE(propose(f.part->live(), Fixture::of_user(7)).empty());
  for (std::uint64_t user = 7; user < 10; ++user) {
    const auto taste = static_cast<ItemIndex>(user - 7);
    observe_session(*f.part, user, {static_cast<ItemIndex>(taste * kTaste + 3)}, 20'000, user);
    EXPECT_GE(f.of_taste(user, taste), 9U);
  }
}

TEST(MatrixFactorization, AStrangerIsKnownByALongSession) {
  Fixture f;
  f.learn_tastes(300);
  const auto of_session = [&](std::size_t length, ItemIndex first) {
    Context context = context_of({}, 1'000'000);
    for (std::size_t i = 0; i < length; ++i) {
      context.session.push_back({first + static_cast<ItemIndex>(i), at_seconds(999'900)});
    }
    return items_of(propose(f.part->live(), context, 10));
  };
  EXPECT_TRUE(of_session(9, kTaste + 3).empty());
  const auto items = of_session(10, kTaste + 3);
  EXPECT_EQ(std::ranges::count_if(items, [](ItemIndex item) { return item / kTaste == 1; }), 10);
  EXPECT_TRUE(of_session(10, 3 * kTaste + 5).empty()) << "nobody knows those items";
}

TEST(MatrixFactorization, InALargeCatalogueItScoresAndProposesNothing) {
  Fixture f;
  f.part = make_matrix_factorization({.dimension = 16, .exact_items = 3 * kTaste - 1, .max_users = 1000}, kMaxItems, 1,
                                     f.users);
  f.learn_tastes(300);
  const Context context = Fixture::of_user(1297);  // of taste 1
  EXPECT_TRUE(propose(f.part->live(), context).empty());
  EXPECT_TRUE(propose(*f.part->publish(), context).empty());
  const auto affinity = [&](ItemIndex item) { return score(f.part->live(), context, {item})[0][2]; };
  float other = 0, own = 0;
  for (ItemIndex item = 0; item < kTaste; ++item) other += affinity(item), own += affinity(kTaste + item);
  EXPECT_LT(other, own);
  EXPECT_TRUE(f.part->diagnostics().empty());
}

TEST(MatrixFactorization, AUserWhoseTasteChangesIsFollowed) {
  Fixture f;
  f.learn_tastes(300);
  observe_session(*f.part, 7, {1, 2, 3}, 20'000, 7);
  EXPECT_GE(f.of_taste(7, 0), 9U);
  observe_session(*f.part, 8, {41, 42, 43, 44, 45, 46, 47, 48}, 30'000, 7);
  EXPECT_GE(f.of_taste(7, 2), 9U);
}

TEST(MatrixFactorization, ALongSessionStandsForAnAnonymousUser) {
  Fixture f;
  f.learn_tastes(300);
  observe_session(*f.part, 7, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 20'000);
  EXPECT_TRUE(propose(f.part->live(), context_of({9, 10}, 20'100, 7), 10).empty());
  const auto items = items_of(propose(f.part->live(), context_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 20'100, 7), 10));
  EXPECT_GE(std::ranges::count_if(items, [](ItemIndex i) { return i < kTaste; }), 9);
  EXPECT_EQ(std::ranges::count(items, 10U), 0) << "the item that the session is at";
}

TEST(MatrixFactorization, RequestsReadAUserWhileTheLearnerMovesThem) {
  Fixture f;
  f.learn_tastes(100);
  const auto published = f.part->publish();
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      for (const Candidate& candidate : propose(*published, Fixture::of_user(1000), 5)) {
        ASSERT_LT(candidate.item, 3 * kTaste);
      }
    }
  });
  for (int round = 0; round < 5; ++round) f.learn_tastes(60);
  f.part->publish();
}

TEST(UserVectors, TheLeastRecentlyActiveUserGivesWay) {
  UserVectors users(16, 2);
  const std::vector<float> vector(16, 1.0F);
  for (const std::uint64_t key : {1, 2, 1, 3}) users.write(users.claim(OwnerKey{key}).slot, vector);
  std::vector<float> copied;
  EXPECT_TRUE(users.copy(OwnerKey{1}, copied));
  EXPECT_EQ(copied, vector);
  EXPECT_FALSE(users.copy(OwnerKey{2}, copied));
  EXPECT_TRUE(copied.empty());
  users.erase(OwnerKey{1});
  EXPECT_FALSE(users.copy(OwnerKey{1}, copied));
  EXPECT_TRUE(users.claim(OwnerKey{4}).is_new);
  EXPECT_TRUE(users.copy(OwnerKey{3}, copied)) << "an erased user's place is taken first";
  EXPECT_TRUE(users.copy(OwnerKey{4}, copied));
  EXPECT_EQ(copied, std::vector<float>(16)) << "nothing of who was there before";
}

}  // namespace
}  // namespace freshet::online
