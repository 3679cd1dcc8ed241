#include "online/torch/lstm_part.h"

#include <gtest/gtest.h>

#include <thread>

#include "online/model.h"
#include "online/torch/parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_seed.h"

namespace freshet::online {
namespace {

LstmOptions small() {
  LstmOptions options;
  options.dimension = 16;
  options.batch_examples = 8;
  options.replay_per_batch = 8;
  options.replay_buffer = 200;
  options.negatives = 16;
  return options;
}

constexpr std::size_t kMaxItems = 500;

/// Sessions that walk a cycle: after item i comes (i * 7 + 3) % items.
void observe_cycle(Part& part, std::size_t items, std::size_t sessions, std::uint64_t seed,
                   std::uint64_t first_key = 1) {
  Random random(seed);
  for (std::size_t session = 0; session < sessions; ++session) {
    auto item = static_cast<ItemIndex>(random.below(items));
    Context before;
    before.session_key = first_key + session;
    for (int step = 0; step < 5; ++step) {
      before.now = testing::at_seconds(static_cast<std::int64_t>(session * 10) + step);
      part.observe(before, {item, 1.0F, before.now, before.session.empty(), before.session_key, 0});
      before.session.push_back({item, before.now});
      item = static_cast<ItemIndex>((item * 7 + 3) % items);
    }
  }
}

TEST(LstmPart, LearnsACycle) {
  const auto part = make_lstm_part(small(), kMaxItems, 1);
  observe_cycle(*part, 40, 600, 1);
  std::size_t right = 0;
  for (ItemIndex item = 0; item < 40; ++item) {
    const auto proposed = testing::propose(part->live(), testing::context_of({item}, 10'000), 1);
    right += !proposed.empty() && proposed.front().item == (item * 7 + 3) % 40;
  }
  EXPECT_GE(right, 34U);  // of 40; chance would be 1
}

TEST(LstmPart, LearnsFromBatchesOfNothingButSessionsOfOneItem) {
  const auto part = make_lstm_part(small(), kMaxItems, 1);
  for (std::uint64_t session = 0; session < 400; ++session) {
    testing::observe_session(*part, 1 + session,
                             {static_cast<ItemIndex>(session % 2 * 2), static_cast<ItemIndex>(session % 2 * 2 + 1)},
                             static_cast<std::int64_t>(session) * 10);
  }
  EXPECT_EQ(testing::propose(part->live(), testing::context_of({2}, 10'000), 1).front().item, 3U);
}

TEST(LstmPart, GoesOnFromACheckpointAsIfNeverStopped) {
  Random random(testing::test_seed(1));
  for (int round = 0; round < 4; ++round) {
    const std::size_t cut = 1 + random.below(60);
    const auto whole = make_lstm_part(small(), kMaxItems, 1);
    observe_cycle(*whole, 40, cut, 5);
    const std::string bytes = testing::saved(*whole);
    const auto resumed = make_lstm_part(small(), kMaxItems, 1);
    ByteReader in(bytes);
    ASSERT_TRUE(resumed->load(in));
    EXPECT_TRUE(in.at_end());
    for (Part* part : {whole.get(), resumed.get()}) observe_cycle(*part, 60, 50, 6, 1000);
    EXPECT_EQ(testing::saved(*whole), testing::saved(*resumed)) << "cut after " << cut;
  }
}

TEST(LstmPart, LoadsAnyBytesWithoutHarm) {
  const auto part = make_lstm_part(small(), kMaxItems, 1);
  observe_cycle(*part, 40, 30, 1);
  const std::string good = testing::saved(*part);
  Random random(testing::test_seed(2));
  for (int i = 0; i < 60; ++i) {
    std::string bytes = good.substr(0, random.below(good.size()));
    if (!bytes.empty()) bytes[random.below(std::min<std::size_t>(bytes.size(), 64))] = static_cast<char>(random.next());
    ByteReader in(bytes);
    EXPECT_FALSE(make_lstm_part(small(), kMaxItems, 1)->load(in));
  }
  LstmOptions other = small();
  other.dimension = 32;
  ByteReader in(good);
  EXPECT_EQ(make_lstm_part(other, kMaxItems, 1)->load(in).error().code, Errc::invalid);
}

TEST(LstmPart, EraseLeavesNoTraceOfTheKey) {
  const auto part = make_lstm_part(small(), kMaxItems, 1);
  const std::uint64_t key = 0x1122334455667788ULL, user = 0x99AABBCCDDEEFF00ULL;
  observe_cycle(*part, 40, 20, 1);
  testing::observe_session(*part, key, {1, 2, 3, 4}, 5000, user);
  const auto bytes_of = [](std::uint64_t number) {
    std::string bytes;
    ByteWriter(bytes).fixed(number);
    return bytes;
  };
  ASSERT_NE(testing::saved(*part).find(bytes_of(key)), std::string::npos);
  part->erase(user);
  EXPECT_EQ(testing::saved(*part).find(bytes_of(key)), std::string::npos);
  EXPECT_EQ(testing::saved(*part).find(bytes_of(user)), std::string::npos);
}

TEST(LstmPart, AForgottenItemIsNotProposed) {
  const auto part = make_lstm_part(small(), kMaxItems, 1);
  observe_cycle(*part, 40, 300, 1);
  const Context context = testing::context_of({1}, 10'000);
  const ItemIndex best = testing::propose(part->live(), context, 1).front().item;
  part->forget_item(best);
  EXPECT_EQ(std::ranges::count(testing::items_of(testing::propose(part->live(), context, 40)), best), 0);
  observe_cycle(*part, 40, 20, 2);  // goes on learning
}

TEST(LstmPart, APublishedScorerNeverChangesWhileLearningGoesOn) {
  const auto part = make_lstm_part(small(), kMaxItems, 1);
  observe_cycle(*part, 40, 100, 1);
  const auto published = part->publish();
  const Context context = testing::context_of({1, 10}, 10'000);
  const auto before = testing::propose(*published, context, 20);
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const auto now = testing::propose(*published, context, 20);
      ASSERT_EQ(now.size(), before.size());
      for (std::size_t i = 0; i < now.size(); ++i) ASSERT_EQ(now[i].score, before[i].score);
    }
  });
  observe_cycle(*part, 60, 60, 2, 1000);
  part->publish();
  observe_cycle(*part, 60, 60, 3, 2000);
}

TEST(Model, WithEveryPartGoesOnFromACheckpointAsIfNeverStopped) {
  Options options;
  options.parts.assign(kPartNames.begin(), kPartNames.end());
  options.lstm = small();
  options.max_items = kMaxItems;
  options.session_knn.max_sessions = 50;
  const auto events = testing::synthetic_stream(testing::test_seed(3), {.events = 1200});
  Model whole(options, make_parts(options));
  std::string middle;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == 700) middle = testing::saved(whole);
    whole.learn(events[i]);
  }
  Model resumed(options, make_parts(options));
  ByteReader in(middle);
  ASSERT_TRUE(resumed.load(in));
  for (std::size_t i = 700; i < events.size(); ++i) resumed.learn(events[i]);
  EXPECT_EQ(testing::saved(resumed), testing::saved(whole));
}

}  // namespace
}  // namespace freshet::online
