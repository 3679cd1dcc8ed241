// SPDX-License-Identifier: Apache-2.0
#include "online/parts/user_cf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/random.h"
#include "online/part/user_neighbors.h"
#include "tests/support/light_parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

constexpr std::size_t kTaste = 20;  // items of one taste: t * kTaste .. (t + 1) * kTaste - 1

struct Fixture {
  explicit Fixture(std::size_t max_users = 1000) {
    Options options = testing::light_options();
    options.parts = {"matrix_factorization", "user_cf"};
    options.max_items = 200;
    options.part<MatrixFactorizationOptions>().dimension = 16;
    options.part<MatrixFactorizationOptions>().max_users = 1000;
    options.part<UserCfOptions>().max_users = max_users;
    parts = make_parts(options);
  }

  void click(std::uint64_t user, ItemIndex item, bool named = true) {
    const std::string id = named ? numbered("user-", user) : "";
    const OwnerKey key{user};
    for (auto& part : parts) part->observe({}, {item, 1.0F, at_seconds(++time), false, key, key, id});
  }

  /// Users of three tastes, user number modulo 3, each of whom clicks on items of one.
  void learn_tastes(std::size_t count, bool named = true) {
    Random random(5);
    for (std::uint64_t user = 1000; user < 1000 + count; ++user) {
      for (int n = 0; n < 8; ++n) click(user, static_cast<ItemIndex>(user % 3 * kTaste + random.below(kTaste)), named);
    }
  }

  const Scorer& scorer() const { return parts.back()->live(); }

  const UserNeighbors& neighbors() const { return dynamic_cast<const UserNeighbors&>(scorer()); }

  std::vector<SimilarUser> similar(std::uint64_t user, std::size_t k = 10) const {
    std::vector<SimilarUser> users;
    EXPECT_TRUE(neighbors().similar_users(OwnerKey{user}, k, users));
    return users;
  }

  Context of_user(std::uint64_t user) const {
    Context context = context_of({}, time + 1);
    context.user_key = OwnerKey{user};
    return context;
  }

  std::vector<std::unique_ptr<Part>> parts;
  std::int64_t time = 0;
};

TEST(UserCf, ProposesWhatUsersOfTheSameTasteClickedOn) {
  Fixture f;
  f.learn_tastes(300);
  for (std::uint64_t user = 9; user < 12; ++user) {
    f.click(user, static_cast<ItemIndex>(user % 3 * kTaste + 3));
    const auto items = items_of(propose(f.scorer(), f.of_user(user), 10));
    ASSERT_EQ(items.size(), 10U);
    EXPECT_TRUE(std::ranges::all_of(items, [&](ItemIndex item) { return item / kTaste == user % 3; }));
  }
  EXPECT_TRUE(propose(f.scorer(), f.of_user(8), 10).empty()) << "a stranger";
}

TEST(UserCf, SimilarUsersAreThoseOfTheSameTasteMostAlikeFirst) {
  Fixture f;
  f.learn_tastes(300);
  const auto users = f.similar(1299);
  ASSERT_EQ(users.size(), 10U);
  for (std::size_t i = 0; i < users.size(); ++i) {
    EXPECT_EQ(std::stoul(users[i].user.substr(5)) % 3, 1299U % 3);
    EXPECT_NE(users[i].user, "user-1299");
    EXPECT_LE(users[i].similarity, i == 0 ? 1.0001F : users[i - 1].similarity);
  }
}

TEST(UserCf, AStrangerHasNoSimilarUsers) {
  Fixture f;
  f.learn_tastes(30);
  std::vector<SimilarUser> users;
  EXPECT_FALSE(f.neighbors().similar_users(OwnerKey{7}, 10, users));
}

TEST(UserCf, AnonymousNeighborsVoteButAreNotListed) {
  Fixture f;
  f.learn_tastes(300, false);
  for (std::uint64_t user = 3; user < 9; ++user) f.click(user, static_cast<ItemIndex>(user % 3 * kTaste));
  EXPECT_FALSE(propose(f.scorer(), f.of_user(3), 10).empty());
  const auto users = f.similar(3);
  ASSERT_FALSE(users.empty());
  EXPECT_EQ(users.front().user, "user-6") << "the only other one of this taste with an id";
}

TEST(UserCf, OnlyTheMostRecentlyActiveUsersAreNeighbors) {
  Fixture f(20);
  f.learn_tastes(300);
  const auto users = f.similar(1000, 100);
  EXPECT_LE(users.size(), 20U);
  for (const SimilarUser& user : users) EXPECT_GE(std::stoul(user.user.substr(5)), 1280U);
}

TEST(UserCf, AnErasedUserVanishesAlsoFromWhatIsPublished) {
  Fixture f;
  f.learn_tastes(30);
  const std::string nearest = f.similar(1000, 1).front().user;
  const std::uint64_t user = std::stoul(nearest.substr(5));
  const OwnerKey key{user};
  const auto published = f.parts.back()->publish();
  for (auto& part : f.parts) part->erase(key);
  for (const Scorer* scorer : {&f.scorer(), published.get()}) {
    const auto& neighbors = dynamic_cast<const UserNeighbors&>(*scorer);
    std::vector<SimilarUser> users;
    ASSERT_TRUE(neighbors.similar_users(OwnerKey{1000}, 100, users));
    EXPECT_FALSE(users.empty());
    EXPECT_EQ(std::ranges::count(users, nearest, &SimilarUser::user), 0);
    EXPECT_FALSE(neighbors.similar_users(key, 10, users));
  }
  std::string bytes;
  ByteWriter(bytes).fixed(key);
  EXPECT_EQ(saved(*f.parts.back()).find(bytes), std::string::npos);
  EXPECT_EQ(saved(*f.parts.back()).find(nearest), std::string::npos);
  f.click(user, 1);
  EXPECT_FALSE(f.similar(user).empty()) << "they may come back as a new user";
}

TEST(UserCf, RequestsReadNeighborsWhileTheLearnerMovesThem) {
  Fixture f(50);
  f.learn_tastes(100);
  const auto published = f.parts.back()->publish();
  const Context context = f.of_user(1000);
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      for (const Candidate& candidate : propose(*published, context, 5)) ASSERT_LT(candidate.item, 3 * kTaste);
      std::vector<SimilarUser> users;
      dynamic_cast<const UserNeighbors&>(*published).similar_users(OwnerKey{1000}, 5, users);
      for (const SimilarUser& user : users) ASSERT_TRUE(user.user.starts_with("user-"));
    }
  });
  for (int round = 0; round < 3; ++round) f.learn_tastes(100);
  f.parts.back()->publish();
}

}  // namespace
}  // namespace freshet::online
