// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "online/model/model.h"
#include "tests/support/light_parts.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using testing::numbered;

constexpr std::size_t kItems = 200, kUsers = 300, kCluster = 10;
constexpr std::int64_t kStart = 1'700'000'000'000, kDay = 86'400'000;

Event click(const std::string& user, const std::string& item, std::int64_t time, const std::string& sender) {
  Event event;
  event.user = user;
  event.session = "of " + user;
  event.item = item;
  event.time = timestamp_from_ms(time);
  event.sender = sender;
  return event;
}

/// Days of a small shop: users of one taste each, some items far more popular than others. All sent by its back end.
std::vector<Event> honest_days(Random& random) {
  std::vector<Event> events;
  for (std::uint64_t session = 0; session < 3200; ++session) {
    const std::uint64_t user = random.below(kUsers);
    std::int64_t time = kStart + static_cast<std::int64_t>(session) * (5 * kDay / 3200);
    const std::size_t taste = user % (kItems / kCluster);
    for (std::uint64_t click_left = 3 + random.below(5); click_left > 0; --click_left) {
      const auto in_cluster = static_cast<std::size_t>(kCluster * random.uniform() * random.uniform());
      const std::size_t cluster = random.uniform() < 0.8 ? taste : random.below(kItems / kCluster);
      time += 20'000;
      Event event =
          click(numbered("user-", user), numbered("item-", cluster * kCluster + in_cluster), time, "shop/backend");
      event.session = numbered("session-", session);
      events.push_back(std::move(event));
    }
  }
  std::ranges::stable_sort(events, {}, &Event::time);
  return events;
}

/// What one client sends to have "evil" recommended: sessions made up for the purpose.
struct Attack {
  const char* name;
  std::vector<std::string> session;  ///< "real": an item of the shop
  std::size_t events;
  const char* type;
  bool works;  ///< without the limit
};

std::vector<Event> events_of(const Attack& attack, Random& random) {
  std::vector<Event> events;
  for (std::size_t i = 0; events.size() < attack.events; ++i) {
    for (const std::string& item : attack.session) {
      const std::string real = numbered("item-", random.below(kItems / kCluster) * kCluster);
      events.push_back(click(numbered("made-up-", i), item == "real" ? real : item,
                             kStart + 5 * kDay + 60'000 + static_cast<std::int64_t>(i), "shop/mallory"));
      events.back().type = attack.type;
    }
  }
  return events;
}

/// Share of the users' lists of ten that have the item.
double share_of_lists(Model& model, const std::string& item) {
  const auto snapshot = model.publish({});
  std::vector<const Scorer*> scorers;
  for (const auto& part : snapshot->parts) scorers.push_back(part.get());
  const ItemIndex wanted = model.vocabulary().find(item);
  Ranking ranking;
  Random random(7);
  int with = 0;
  for (int user = 0; user < 100; ++user) {
    Context context;
    context.now = snapshot->timeline.of(timestamp_from_ms(kStart + 5 * kDay + 120'000));
    for (int visit = 0; visit < 3; ++visit) {
      const std::size_t cluster = static_cast<std::size_t>(user) % (kItems / kCluster);
      const std::string seen = numbered(
          "item-", cluster * kCluster + static_cast<std::size_t>(kCluster * random.uniform() * random.uniform()));
      context.session.push_back({model.vocabulary().find(seen), context.now});
    }
    ask(scorers, context, ranking);
    propose(scorers, 50, nullptr, ranking);
    extract_features(scorers, ranking);
    blend(*snapshot->blender, ranking);
    const auto best = top_k(ranking, 10);
    with += std::ranges::any_of(best, [&](std::size_t row) { return ranking.items[row] == wanted; }) ? 1 : 0;
  }
  return with / 100.0;
}

class Poisoning : public ::testing::TestWithParam<Attack> {
 public:
  static double share_after(const Attack& attack, double limit) {
    Options options = testing::counting_options();
    options.sender_limit.share = limit;
    Model model(options, make_parts(options));
    Random random(testing::test_seed(211));
    for (const Event& event : honest_days(random)) model.learn(event);
    for (const Event& event : events_of(attack, random)) model.learn(event);
    return share_of_lists(model, "evil");
  }
};

TEST_P(Poisoning, OneClientCannotPutAnItemIntoTheListsOfAll) {
  const double before = share_after(GetParam(), 1), after = share_after(GetParam(), SenderLimitOptions{}.share);
  EXPECT_EQ(before >= 0.5, GetParam().works) << before;
  EXPECT_LE(after, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Attacks, Poisoning,
                         ::testing::Values(Attack{"pairs", {"real", "evil"}, 100, "view", true},
                                           Attack{"purchases", {"evil"}, 100, "purchase", false},
                                           Attack{"clicks", {"evil"}, 100, "view", false},
                                           Attack{"triples", {"real", "evil", "real"}, 100, "view", true},
                                           Attack{"bought_pairs", {"real", "evil"}, 100, "purchase", true},
                                           Attack{"many_pairs", {"real", "evil"}, 1000, "view", true},
                                           Attack{"flood_of_pairs", {"real", "evil"}, 10'000, "view", true},
                                           Attack{"long",
                                                  {"real", "evil", "real", "real", "real", "real", "real", "real",
                                                   "real", "real", "real", "real"},
                                                  1200,
                                                  "view",
                                                  true}),
                         [](const auto& attack) { return attack.param.name; });

}  // namespace
}  // namespace freshet::online
