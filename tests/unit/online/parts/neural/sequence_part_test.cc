// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/sequence_part.h"

#include <gtest/gtest.h>

#include <thread>

#include "online/all_parts.h"
#include "online/model/model.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
#include "online/parts/session_knn.h"
#include "tests/support/every_part.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"
#include "tests/support/test_seed.h"

namespace freshet::online {
namespace {

template <typename Options>
Options small(std::size_t dimension = 16) {
  Options options;
  options.dimension = dimension;
  options.batch_examples = 8;
  options.replay_per_batch = 8;
  options.replay_buffer = 60;
  options.negatives = 16;
  return options;
}

constexpr std::size_t kMaxItems = 500;

struct Kind {
  std::string name;
  std::unique_ptr<Part> (*make)(std::size_t dimension);
  std::size_t learned = 34;  ///< steps of a cycle of 40 that it finds; chance would be 1
};

class EverySequencePart : public ::testing::TestWithParam<Kind> {
 protected:
  static std::unique_ptr<Part> make(std::size_t dimension = 16) { return GetParam().make(dimension); }
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, EverySequencePart,
    ::testing::Values(
        Kind{"lstm", [](std::size_t d) { return make_lstm_part(small<LstmOptions>(d), kMaxItems, 1); }},
        Kind{"attention", [](std::size_t d) { return make_attention_part(small<AttentionOptions>(d), kMaxItems, 1); }},
        Kind{"autoencoder",
             [](std::size_t d) { return make_autoencoder_part(small<AutoencoderOptions>(d), kMaxItems, 1); }, 12}),
    [](const auto& kind) { return kind.param.name; });

/// Sessions that walk a cycle: after item i comes (i * 7 + 3) % items.
void observe_cycle(Part& part, std::size_t items, std::size_t sessions, std::uint64_t seed,
                   std::uint64_t first_key = 1) {
  Random random(seed);
  for (std::size_t session = 0; session < sessions; ++session) {
    auto item = static_cast<ItemIndex>(random.below(items));
    Context before;
    before.session_key = OwnerKey{first_key + session};
    for (int step = 0; step < 5; ++step) {
      before.now = testing::at_seconds(static_cast<std::int64_t>(session * 10) + step);
      part.observe(before, {item, 1.0F, before.now, before.session.empty(), before.session_key});
      before.session.push_back({item, before.now});
      item = static_cast<ItemIndex>((item * 7 + 3) % items);
    }
  }
}

TEST_P(EverySequencePart, LearnsACycle) {
  const auto part = make();
  observe_cycle(*part, 40, 600, 1);
  std::size_t right = 0;
  for (ItemIndex item = 0; item < 40; ++item) {
    const auto proposed = testing::propose(part->live(), testing::context_of({item}, 10'000), 1);
    right += !proposed.empty() && proposed.front().item == (item * 7 + 3) % 40;
  }
  EXPECT_GE(right, GetParam().learned);  // a set of items does not say in which direction the cycle goes
}

TEST_P(EverySequencePart, LearnsFromBatchesOfNothingButSessionsOfOneItem) {
  const auto part = make();
  for (std::uint64_t session = 0; session < 400; ++session) {
    testing::observe_session(*part, 1 + session,
                             {static_cast<ItemIndex>(session % 2 * 2), static_cast<ItemIndex>(session % 2 * 2 + 1)},
                             static_cast<std::int64_t>(session) * 10);
  }
  EXPECT_EQ(testing::propose(part->live(), testing::context_of({2}, 10'000), 1).front().item, 3U);
}

TEST(AttentionPart, TellsSessionsApartByWhatCameBeforeTheLastItem) {
  const auto part = make_attention_part(small<AttentionOptions>(), kMaxItems, 1);
  for (std::uint64_t key = 1; key <= 1500; ++key) {
    if (key % 2 == 0) {
      testing::observe_session(*part, key, {1, 3, 4}, 10);
    } else {
      testing::observe_session(*part, key, {2, 3, 5}, 10);
    }
  }
  EXPECT_EQ(testing::propose(part->live(), testing::context_of({1, 3}, 20), 1).front().item, 4U);
  EXPECT_EQ(testing::propose(part->live(), testing::context_of({2, 3}, 20), 1).front().item, 5U);
}

TEST(AttentionPart, AStateOfAnotherNumberOfPositionsIsRefused) {
  const auto part = make_attention_part(small<AttentionOptions>(), kMaxItems, 1);
  observe_cycle(*part, 40, 20, 1);
  const std::string bytes = testing::saved(*part);
  AttentionOptions other = small<AttentionOptions>();
  other.max_session_items = 9;
  ByteReader in(bytes);
  EXPECT_EQ(make_attention_part(other, kMaxItems, 1)->load(in).error().code, Errc::invalid);
}

TEST(AutoencoderPart, KnowsAUserBeforeTheyHaveClickedInThisSession) {
  const auto part = make_autoencoder_part(small<AutoencoderOptions>(), kMaxItems, 1);
  Random random(3);
  for (std::uint64_t user = 1; user <= 600; ++user) {
    for (std::uint64_t n = 0; n < 6; ++n) {  // each click in a session of its own
      const auto item = static_cast<ItemIndex>(user % 3 * 20 + random.below(20));
      const Timestamp now = testing::at_seconds(static_cast<std::int64_t>(user));
      const OwnerKey session_key{10 * user + n}, user_key{user + 100'000};
      part->observe({{}, now, session_key, user_key}, {item, 1.0F, now, true, session_key, user_key});
    }
  }
  for (std::uint64_t user = 598; user <= 600; ++user) {
    Context context = testing::context_of({}, 1000, 7);
    context.user_key = OwnerKey{user + 100'000};
    const auto items = testing::items_of(testing::propose(part->live(), context, 10));
    EXPECT_GE(std::ranges::count_if(items, [&](ItemIndex i) { return i / 20 == user % 3; }), 9);
  }
}

TEST_P(EverySequencePart, AStateOfAnotherDimensionIsRefused) {
  const auto part = make();
  observe_cycle(*part, 40, 30, 1);
  const std::string bytes = testing::saved(*part);
  ByteReader in(bytes);
  EXPECT_EQ(make(32)->load(in).error().code, Errc::invalid);
}

TEST_P(EverySequencePart, APublishedScorerNeverChangesWhileLearningGoesOn) {
  const auto part = make();
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
  Options options = testing::with_every_part(all_parts());
  options.part<LstmOptions>() = small<LstmOptions>();
  options.part<AttentionOptions>() = small<AttentionOptions>();
  options.part<AutoencoderOptions>() = small<AutoencoderOptions>();
  options.max_items = kMaxItems;
  options.part<SessionKnnOptions>().max_sessions = 50;
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
