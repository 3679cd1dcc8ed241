// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "base/random.h"
#include "online/model/learner_checkpoint.h"
#include "online/model/model.h"
#include "online/parts/content/content.h"
#include "online/parts/popularity.h"
#include "online/parts/recurrence.h"
#include "tests/support/light_parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/small_options.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

std::unique_ptr<Model> make_model(const IdHash& ids = {}) {
  const Options options = testing::small_counting_options();
  return std::make_unique<Model>(options, make_parts(options), ids);
}

// More items than the vocabulary holds, so numbers are recycled; a few erasures.
std::vector<Event> stream(std::uint64_t seed, std::size_t events) {
  auto stream = testing::synthetic_stream(seed, {.events = events, .items = 130});
  Random random(seed);
  for (Event& event : stream) {
    if (random.uniform() < 0.003) event.kind = EventKind::erase;
  }
  return stream;
}

TEST(ModelProperty, LearnsOnAfterSaveAndLoadAsIfNeverStopped) {
  Random random(testing::test_seed(201));
  for (int round = 0; round < 4; ++round) {
    const auto events = stream(random.next(), 1200);
    const IdHash ids(SipKey{random.next(), random.next()});
    auto whole = make_model(ids), cut = make_model(ids);
    const std::size_t at = random.below(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i == at) {
        const std::string bytes = testing::saved(*cut);
        cut = make_model();
        ByteReader in(bytes);
        ASSERT_TRUE(cut->load(in));
      }
      const auto& expected = whole->learn(events[i]);
      const auto& actual = cut->learn(events[i]);
      ASSERT_EQ(actual.scored, expected.scored);
      ASSERT_EQ(actual.ranks, expected.ranks);
    }
    ASSERT_TRUE(testing::saved(*cut) == testing::saved(*whole)) << "cut at " << at;
  }
}

/// Purchases and other actions on what their sessions are at.
std::vector<Event> with_actions(std::vector<Event> events, Random& random) {
  constexpr std::array kActions{"purchase", "dislike", "dwell", "refund", "never heard of"};
  std::vector<Event> all;
  for (Event& event : events) {
    all.push_back(event);
    if (random.uniform() > 0.3) continue;
    event.type = kActions[random.below(kActions.size())];
    event.value = static_cast<float>(random.below(100));
    event.id.clear();
    all.push_back(std::move(event));
  }
  return all;
}

TEST(ModelProperty, LearnsActionsAfterSaveAndLoadAsIfNeverStopped) {
  Random random(testing::test_seed(209));
  Options options = testing::small_counting_options();
  options.blender.remembered_lists = 12;  // fewer than there are sessions
  options.values = {{"purchase", 10}, {"view", 1}, {"dislike", -3}};
  const auto make = [&] { return std::make_unique<Model>(options, make_parts(options)); };
  for (int round = 0; round < 4; ++round) {
    const auto events = with_actions(stream(random.next(), 1200), random);
    auto whole = make(), cut = make();
    const std::size_t at = random.below(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i == at) {
        const std::string bytes = testing::saved(*cut);
        cut = make();
        ByteReader in(bytes);
        ASSERT_TRUE(cut->load(in));
      }
      const auto expected = whole->learn(events[i]).ranks;
      ASSERT_EQ(cut->learn(events[i]).ranks, expected);
    }
    ASSERT_TRUE(testing::saved(*cut) == testing::saved(*whole)) << "cut at " << at;
    EXPECT_GT(whole->publish({})->actions->rates.at(2), 0) << "there were purchases";
  }
}

Options options_with_content() {
  static constexpr std::array kKinds{&kPopularity, &kRecurrence, &kContent};
  Options options = testing::with_every_part(kKinds);
  testing::make_small(options);
  options.part<ContentOptions>().dimension = 16;
  options.part<ContentOptions>().negatives = 16;
  return options;
}

/// Puts, patches and removals between the events, of more items than the vocabulary holds.
std::vector<Event> with_catalogue(std::vector<Event> events, Random& random) {
  std::vector<Event> all;
  for (Event& event : events) {
    if (all.size() > 200 && random.uniform() < 0.4) {
      Event record;
      record.kind = EventKind::item;
      record.item = random.uniform() < 0.5 ? event.item : "unclicked-" + std::to_string(random.below(100));
      ItemChange change;
      const double kind = random.uniform();
      change.kind = kind < 0.7   ? ItemChange::Kind::put
                    : kind < 0.9 ? ItemChange::Kind::patch
                                 : ItemChange::Kind::remove;
      change.set(ItemField::title);
      change.item.item = record.item;
      change.item.title = "word-" + std::to_string(random.below(9)) + " thing-" + std::to_string(random.below(9));
      record.change = SharedItemChange(std::move(change));
      all.push_back(std::move(record));
    }
    all.push_back(std::move(event));
  }
  return all;
}

TEST(ModelProperty, LearnsTheCatalogueAfterSaveAndLoadAsIfNeverStopped) {
  Random random(testing::test_seed(207));
  const Options options = options_with_content();
  const auto make = [&] { return std::make_unique<Model>(options, make_parts(options)); };
  for (int round = 0; round < 6; ++round) {
    const auto records = with_catalogue(stream(random.next(), 1200), random);
    auto whole = make(), cut = make();
    // Also before there is a catalogue, when content is dormant.
    const std::size_t at = round == 0 ? 100 : random.below(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i == at) {
        const std::string bytes = testing::saved(*cut);
        cut = make();
        ByteReader in(bytes);
        ASSERT_TRUE(cut->load(in));
      }
      const auto& expected = whole->learn(records[i]);
      const auto& actual = cut->learn(records[i]);
      ASSERT_EQ(actual.scored, expected.scored);
      ASSERT_EQ(actual.ranks, expected.ranks);
    }
    ASSERT_TRUE(testing::saved(*cut) == testing::saved(*whole)) << "cut at " << at;
  }
}

TEST(ModelProperty, ServedListsLeaveNoTrace) {
  Random random(testing::test_seed(209));
  auto with = make_model(), without = make_model();
  Event list;
  list.kind = EventKind::served;
  for (const Event& event : stream(random.next(), 600)) {
    if (random.below(2) == 0) {
      list.user = event.user;
      list.session = event.user.empty() ? event.session : "";
      list.time = event.time + std::chrono::hours(random.below(100));
      list.served =
          SharedServedList(ServedList{.request = "r", .page_of = {}, .arm = {}, .entries = {{event.item, 1}}});
      EXPECT_FALSE(with->learn(list).scored);
    }
    with->learn(event);
    without->learn(event);
  }
  EXPECT_TRUE(testing::saved(*with) == testing::saved(*without));
  EXPECT_EQ(with->events_learned(), without->events_learned());
}

TEST(ModelProperty, WithoutACatalogueContentChangesNothing) {
  const Options with = options_with_content();
  Options without = with;
  std::erase(without.parts, "content");
  Model first(with, make_parts(with)), second(without, make_parts(without));
  for (const Event& event : stream(testing::test_seed(208), 1500)) {
    const auto& ranks = first.learn(event).ranks;
    const auto& expected = second.learn(event).ranks;
    ASSERT_EQ(ranks.empty(), expected.empty());
    if (!ranks.empty()) {
      ASSERT_EQ(ranks.back(), expected.back());
    }
    ASSERT_EQ(first.ranking().scores, second.ranking().scores);
  }
  EXPECT_EQ(testing::saved(first), testing::saved(second)) << "one loads the state of the other";
}

TEST(ModelProperty, RanksTheSameWithAnyKey) {
  Random random(testing::test_seed(206));
  for (int round = 0; round < 4; ++round) {
    const auto first = make_model(), second = make_model(IdHash(SipKey{random.next(), random.next()}));
    for (const Event& event : stream(random.next(), 1200)) {
      const auto& expected = first->learn(event);
      const auto& actual = second->learn(event);
      ASSERT_EQ(actual.scored, expected.scored);
      ASSERT_EQ(actual.ranks, expected.ranks);
      ASSERT_EQ(second->ranking().items, first->ranking().items);
      ASSERT_EQ(second->ranking().scores, first->ranking().scores);
    }
    EXPECT_EQ(testing::saved(*second).size(), testing::saved(*first).size());
  }
}

TEST(ModelProperty, TheBlendBeatsItsPartsOnAStreamWithSomethingToLearn) {
  Options options = testing::counting_options();
  Model model(options, make_parts(options));
  for (const Event& event : testing::synthetic_stream(testing::test_seed(204), {.events = 8'000, .items = 200})) {
    model.learn(event);
  }
  const auto names = model.part_names();
  const double blend = model.quality(names.size() - 1).recent_mrr;
  for (std::size_t part = 0; part + 1 < names.size(); ++part) {
    EXPECT_GE(blend, model.quality(part).recent_mrr - 0.01) << names[part];
  }
}

TEST(ModelProperty, LoadReturnsOnAnyBytes) {
  Random random(testing::test_seed(205));
  const auto model = make_model();
  for (const Event& event : stream(random.next(), 400)) model->learn(event);
  const std::string bytes = encode_checkpoint({{0, 400}}, *model);
  const auto whole = make_model();
  ASSERT_TRUE(decode_checkpoint(bytes, *whole));
  for (int round = 0; round < 150; ++round) {
    std::string damaged = bytes.substr(0, random.below(bytes.size()));
    if (random.uniform() < 0.5) damaged = bytes;
    for (std::uint64_t flips = 1 + random.below(3); flips > 0 && !damaged.empty(); --flips) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.next());
    }
    const auto other = make_model();
    const auto loaded = decode_checkpoint(damaged, *other);
    EXPECT_TRUE(loaded || !loaded.error().message.empty());
  }
}

}  // namespace
}  // namespace freshet::online
