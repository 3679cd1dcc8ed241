// SPDX-License-Identifier: Apache-2.0
// Requests read live indexes while the learner writes them: meaningful under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "online/model/model.h"
#include "online/model/session.h"
#include "tests/support/light_parts.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

TEST(LiveIndexes, AreReadWhileTheyAreWrittenRecycledAndErased) {
  Options options = testing::counting_options();
  options.max_items = 100;  // fewer than the stream has, so that numbers are recycled
  options.part<SessionKnnOptions>().max_sessions = 50;
  options.part<CovisitationOptions>().max_neighbors = 10;
  options.part<UserHistoryOptions>().max_users = 20;
  Model model(options, make_parts(options));
  const std::vector<Event> events = testing::synthetic_stream(9, {.events = 6000, .items = 130});
  model.learn(events[0]);
  const auto snapshot = model.publish({});
  std::atomic<bool> done{false};
  std::atomic<std::size_t> finite{0};

  const auto read = [&](std::uint64_t seed) {
    Random random(seed);
    std::vector<const Scorer*> parts;
    for (const auto& part : snapshot->parts) parts.push_back(part.get());
    Ranking ranking;
    do {
      Context context;
      context.now = timestamp_from_ms(1'600'000'000'000 + static_cast<std::int64_t>(random.below(60'000'000)));
      context.user_key = IdHash{}.owner(Owner::Kind::user, testing::numbered("user-", random.below(20)));
      for (std::uint64_t i = random.below(6); i > 0; --i) {
        const ItemIndex item = model.vocabulary().find(testing::numbered("item-", random.below(130)));
        if (item != kNoItem) context.session.push_back({item, context.now});
      }
      ask(parts, context, ranking);
      propose(parts, 30, nullptr, ranking);
      extract_features(parts, ranking);
      blend(*snapshot->blender, ranking);
      for (const std::size_t at : top_k(ranking, 10)) {
        finite += std::isfinite(ranking.scores[at]) && model.vocabulary().name(ranking.items[at]).size() < 20;
      }
    } while (!done);
  };
  std::thread first(read, 1), second(read, 2);
  for (std::size_t i = 0; i < events.size(); ++i) {
    model.learn(events[i]);
    if (i % 500 == 499) {
      Event erase;
      erase.kind = EventKind::erase;
      erase.user = events[i].user;
      erase.session = events[i].session;
      model.learn(erase);
    }
  }
  done = true;
  first.join();
  second.join();
  EXPECT_GT(finite, 0U);
}

}  // namespace
}  // namespace freshet::online
