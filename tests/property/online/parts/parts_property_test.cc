// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/random.h"
#include "online/all_parts.h"
#include "online/parts/content/content.h"
#include "online/parts/covisitation.h"
#include "online/parts/matrix_factorization.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
#include "online/parts/neural/neural_cf_part.h"
#include "online/parts/popularity.h"
#include "online/parts/recurrence.h"
#include "online/parts/session_knn.h"
#include "online/parts/user_cf.h"
#include "online/parts/user_history.h"
#include "tests/support/chosen_items.h"
#include "tests/support/part_driver.h"
#include "tests/support/small_options.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using testing::at_seconds;

constexpr std::size_t kItems = testing::kSmallMaxItems;

struct Step {
  Context before;
  Interaction event;
  bool forget = false, erase = false;
  std::optional<ItemChange> change;  // of event.item, before the event
};

/// A put, a patch or a removal, now and then.
std::optional<ItemChange> random_change(Random& random, ItemIndex item) {
  if (random.uniform() > 0.3) return std::nullopt;
  static constexpr std::array kWords{"red", "blue", "large", "small", "cotton", "steel"};
  ItemChange change;
  change.item.item = std::to_string(item);
  const double kind = random.uniform();
  if (kind < 0.05) {
    change.kind = ItemChange::Kind::remove;
    return change;
  }
  if (kind < 0.3) {
    change.kind = ItemChange::Kind::patch;
    change.set(ItemField::price);
  } else {
    change.item.title = std::string(kWords[random.below(kWords.size())]) + " " + kWords[random.below(kWords.size())];
    change.item.categories = {"all/c" + std::to_string(item % 7)};
    change.item.attributes = {{"brand", std::string(kWords[item % kWords.size()])}};
    change.item.relations = {{"goes_with", {std::to_string((item + 1) % kItems)}}};
    change.item.vectors = {{"image", {static_cast<float>(item % 3), 1.0F, static_cast<float>(item % 5)}}};
  }
  change.item.price = 1 + static_cast<double>(random.below(100));
  return change;
}

// What a part sees of a stream: sessions that grow, pause and start again, late events, forgotten items, erasures.
std::vector<Step> random_steps(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::map<OwnerKey, std::vector<Visit>> open;
  std::vector<Step> steps;
  std::int64_t time = 0;
  while (steps.size() < count) {
    time += static_cast<std::int64_t>(random.below(300));
    const std::uint64_t owner = 1 + random.below(12);
    const OwnerKey key{owner}, user_key{owner % 3};
    auto& session = open[key];
    if (random.uniform() < 0.15) session.clear();
    const ItemIndex last = session.empty() ? kNoItem : session.back().item;
    const auto item = static_cast<ItemIndex>(last != kNoItem && random.uniform() < 0.6 ? (last * 5 + 1) % kItems
                                                                                       : random.below(kItems));
    if (item == last) continue;
    Step step;
    const Timestamp now = at_seconds(time - (random.uniform() < 0.05 ? 2000 : 0));
    step.before = {session, now, key, user_key};
    step.event = {item, random.uniform() < 0.2 ? 2.0F : 1.0F, now, session.empty(), key, user_key};
    step.change = random_change(random, item);
    step.forget = random.uniform() < 0.01;
    step.erase = random.uniform() < 0.005;
    steps.push_back(step);
    session.push_back({item, now});
    if (session.size() > 12) session.erase(session.begin());
    if (step.forget) {
      for (auto& [other, visits] : open) std::erase_if(visits, [&](const Visit& v) { return v.item == item; });
    }
    if (step.erase) open.erase(key);
  }
  return steps;
}

void feed(Part& part, const Step& step) {
  if (step.change) part.describe(step.event.item, *step.change);
  part.observe(step.before, step.event);
  if (step.forget) part.forget_item(step.event.item);
  if (step.erase) part.erase(step.event.session_key);
}

/// A part together with those that it builds on, as one.
class WithItsFoundations final : public Part {
 public:
  explicit WithItsFoundations(std::vector<std::unique_ptr<Part>> parts) : parts_(std::move(parts)) {}

  const Scorer& live() const override { return parts_.back()->live(); }
  std::shared_ptr<const Scorer> publish() override { return parts_.back()->publish(); }
  void observe(const Context& before, const Interaction& event) override {
    for (auto& part : parts_) part->observe(before, event);
  }
  void describe(ItemIndex item, const ItemChange& change) override {
    for (auto& part : parts_) part->describe(item, change);
  }
  void forget_item(ItemIndex item) override {
    for (auto& part : parts_) part->forget_item(item);
  }
  void erase(OwnerKey key) override {
    for (auto& part : parts_) part->erase(key);
  }
  void save(ByteWriter& out) const override {
    for (const auto& part : parts_) part->save(out);
  }
  Result<void> load(ByteReader& in) override {
    for (auto& part : parts_) {
      if (auto loaded = part->load(in); !loaded) return loaded;
    }
    return {};
  }
  std::size_t memory_bytes() const override { return parts_.back()->memory_bytes(); }

 private:
  std::vector<std::unique_ptr<Part>> parts_;
};

class EveryPart : public ::testing::TestWithParam<const PartKind*> {
 protected:
  static std::unique_ptr<Part> make() {
    Options options = testing::small_options();
    options.parts = {std::string(GetParam()->name)};
    if (!GetParam()->builds_on.empty()) options.parts.emplace_back(GetParam()->builds_on);
    return std::make_unique<WithItsFoundations>(make_parts(options));
  }
};

TEST_P(EveryPart, LearnsOnAfterSaveAndLoadAsIfNeverStopped) {
  const std::uint64_t seed = testing::test_seed(101);
  Random random(seed);
  for (int round = 0; round < 5; ++round) {
    const auto steps = random_steps(random.next(), 1500);
    auto whole = make(), cut = make();
    const std::size_t at = random.below(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i == at) {
        const std::string bytes = testing::saved(*cut);
        cut = make();
        ByteReader in(bytes);
        ASSERT_TRUE(cut->load(in));
        ASSERT_TRUE(in.at_end());
        ASSERT_TRUE(testing::saved(*cut) == bytes);
      }
      feed(*whole, steps[i]);
      feed(*cut, steps[i]);
      if (i % 100 == 0) {
        const auto expected = testing::propose(whole->live(), steps[i].before);
        const auto actual = testing::propose(cut->live(), steps[i].before);
        ASSERT_EQ(testing::items_of(actual), testing::items_of(expected));
      }
    }
    ASSERT_TRUE(testing::saved(*cut) == testing::saved(*whole)) << "cut at " << at;
  }
}

TEST_P(EveryPart, LoadReturnsOnAnyBytes) {
  Random random(testing::test_seed(102));
  auto part = make();
  for (const Step& step : random_steps(random.next(), 300)) feed(*part, step);
  const std::string bytes = testing::saved(*part);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes.substr(0, random.below(bytes.size() + 1));
    for (std::uint64_t flips = random.below(4); flips > 0 && !damaged.empty(); --flips) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.next());
    }
    auto other = make();
    ByteReader in(damaged);
    const bool loaded = other->load(in).has_value();
    if (loaded) testing::saved(*other);
    const bool is_cut_short = damaged.size() < bytes.size() && bytes.starts_with(damaged);
    EXPECT_FALSE(loaded && is_cut_short) << damaged.size() << " of " << bytes.size() << " bytes";
  }
}

TEST_P(EveryPart, ProposesExactlyTheItemsThatItScoresBest) {
  Random random(testing::test_seed(103));
  auto part = make();
  const auto nothing = make();  // that it has learned
  std::vector<ItemIndex> all;
  for (ItemIndex item = 0; item < kItems; ++item) all.push_back(item);
  const auto steps = random_steps(random.next(), 2000);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    feed(*part, steps[i]);
    if (i % 20 != 0) continue;
    const Context& context = steps[i].before;
    const auto proposed = testing::propose(part->live(), context, 15);
    const auto rows = testing::score(part->live(), context, all);
    std::vector<float> expected;
    for (std::size_t item = 0; item < all.size(); ++item) {
      if (item != context.last_item()) expected.push_back(rows[item][0]);
    }
    std::sort(expected.rbegin(), expected.rend());
    for (std::size_t rank = 0; rank < proposed.size(); ++rank) {
      ASSERT_NE(proposed[rank].item, context.last_item());
      ASSERT_FLOAT_EQ(rows[proposed[rank].item][0], expected[rank]) << "rank " << rank << " after step " << i;
    }
    if (proposed.size() < 15 && GetParam() != &kPopularity) {
      const auto unseen = std::ranges::find_if(all, [&](ItemIndex item) {
        return std::ranges::find(context.session, item, &Visit::item) == context.session.end();
      });
      ASSERT_EQ(expected[proposed.size()], testing::score(nothing->live(), context, {*unseen})[0][0]);
    }
  }
}

TEST_P(EveryPart, ProposesTheFirstAllowedItemsOfItsRankingOfAll) {
  Random random(testing::test_seed(108));
  auto part = make();
  const auto steps = random_steps(random.next(), 2000);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    feed(*part, steps[i]);
    if (i % 20 != 0) continue;
    const auto published = part->publish();
    for (const double share : {0.0, 0.1, 0.5, 1.0}) {
      const testing::ChosenItems allowed(kItems, share, random);
      auto expected = testing::propose(*published, steps[i].before, kItems);
      keep_allowed(&allowed, expected);
      expected.resize(std::min<std::size_t>(expected.size(), 10));
      const auto proposed = testing::propose(*published, steps[i].before, 10, &allowed);
      ASSERT_TRUE(std::ranges::equal(
          proposed, expected,
          [](const Candidate& a, const Candidate& b) { return a.item == b.item && a.score == b.score; }))
          << "step " << i << ", share " << share;
    }
  }
}

// Queries are kept by threads and asked about whatever comes next: nothing of what they were asked before may show.
TEST_P(EveryPart, AQueryThatIsReusedAnswersAsAFreshOne) {
  Random random(testing::test_seed(106));
  std::array<std::unique_ptr<Part>, 2> parts{make(), make()};
  const std::array steps{random_steps(random.next(), 2000), random_steps(random.next(), 2000)};
  std::vector<ItemIndex> all;
  for (ItemIndex item = 0; item < kItems; ++item) all.push_back(item);
  std::vector<std::shared_ptr<const Scorer>> published;
  std::unique_ptr<Query> reused;
  for (std::size_t i = 0; i < steps[0].size(); ++i) {
    for (std::size_t n = 0; n < parts.size(); ++n) feed(*parts[n], steps[n][i]);
    if (i % 20 != 0) continue;
    published.push_back(parts[random.below(parts.size())]->publish());
    if (published.size() > 5) published.erase(published.begin());
    for (int question = 0; question < 5; ++question) {
      const Scorer& scorer = *published[random.below(published.size())];
      Context context = steps[random.below(steps.size())][random.below(steps[0].size())].before;
      if (random.uniform() < 0.1) context.session.clear();
      scorer.ask(context, reused);
      const bool proposes = random.uniform() < 0.8;  // given items are ranked without
      for (std::size_t k = 3; proposes && k <= 12; k *= 4) {
        std::vector<Candidate> proposed;
        reused->propose(k, nullptr, proposed);
        const auto expected = testing::propose(scorer, context, k);
        ASSERT_TRUE(std::ranges::equal(
            proposed, expected,
            [](const Candidate& a, const Candidate& b) { return a.item == b.item && a.score == b.score; }))
            << "step " << i << ", " << k;
      }
      const std::size_t width = scorer.features().size();
      std::vector<float> features(all.size() * width, -777.0F);
      reused->write_features(all, {features.data(), width});
      const auto expected = testing::score(scorer, context, all);
      for (std::size_t row = 0; row < all.size(); ++row) {
        ASSERT_TRUE(std::ranges::equal(std::span(features).subspan(row * width, width), expected[row]))
            << "step " << i << ", item " << row;
      }
    }
  }
}

TEST_P(EveryPart, AForgottenItemIsNotProposedUntilItIsSeenAgain) {
  Random random(testing::test_seed(106));
  auto part = make();
  const auto steps = random_steps(random.next(), 1000);
  std::size_t forgotten = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    feed(*part, steps[i]);
    if (i < 300 || i % 50 != 0) continue;
    Context context = steps[i].before;
    const auto best = testing::propose(part->live(), context, 1);
    if (best.empty()) continue;
    const ItemIndex item = best.front().item, other = (item + 1) % kItems;
    for (const ItemIndex gone : {item, other}) {
      part->forget_item(gone);
      std::erase_if(context.session, [gone](const Visit& visit) { return visit.item == gone; });
    }
    ++forgotten;
    const auto published = part->publish();
    for (const Scorer* scorer : {&part->live(), published.get()}) {
      ASSERT_EQ(std::ranges::count(testing::items_of(testing::propose(*scorer, context, kItems)), item), 0);
      const auto rows = testing::score(*scorer, context, {item, other});
      ASSERT_EQ(rows[0], rows[1]) << "nothing tells two forgotten items apart";
    }
  }
  EXPECT_GT(forgotten, 5U);
}

TEST_P(EveryPart, AnErasedUserIsAStrangerAndLeavesNoKeyInTheState) {
  auto part = make();
  for (const Step& step : random_steps(testing::test_seed(107), 500)) feed(*part, step);
  const std::uint64_t session = 0x1122334455667788ULL, user = 0x99AABBCCDDEEFF00ULL;
  for (ItemIndex item = 1; item <= 4; ++item) {
    ItemChange put;
    put.item.item = std::to_string(item);
    put.item.title = "red steel";
    part->describe(item, put);
  }
  const auto key_is_saved = [&](std::uint64_t key) {
    std::string bytes;
    ByteWriter(bytes).fixed(key);
    return testing::saved(*part).find(bytes) != std::string::npos;
  };
  const std::set<const PartKind*> without_keys{&kPopularity, &kCovisitation, &kRecurrence};
  testing::observe_session(*part, session, {1, 2, 3, 4}, 500'000, user);
  // A part that keeps examples until a training step may just have made one.
  if (!key_is_saved(user)) testing::observe_session(*part, session, {1, 2, 3, 4}, 500'100, user);
  ASSERT_EQ(key_is_saved(user) || key_is_saved(session), !without_keys.contains(GetParam()))
      << "a part that saves no keys belongs to without_keys";
  const auto published = part->publish();
  part->erase(OwnerKey{user});
  part->erase(OwnerKey{session});
  EXPECT_FALSE(key_is_saved(user));
  EXPECT_FALSE(key_is_saved(session));
  Context erased = testing::context_of({}, 500'200, session), stranger = erased;
  erased.user_key = OwnerKey{user};
  stranger.session_key = OwnerKey{8'888};
  stranger.user_key = OwnerKey{9'999};
  const auto fresh = part->publish();
  for (const Scorer* scorer : {&part->live(), published.get(), fresh.get()}) {
    const auto proposed = testing::propose(*scorer, stranger);
    EXPECT_EQ(testing::items_of(testing::propose(*scorer, erased)), testing::items_of(proposed));
    EXPECT_EQ(testing::score(*scorer, erased, {1, 2, 3, 4, 5}), testing::score(*scorer, stranger, {1, 2, 3, 4, 5}));
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, EveryPart, ::testing::ValuesIn(all_parts().begin(), all_parts().end()),
                         [](const auto& part) { return std::string(part.param->name); });

// Every follower's decayed count straight from the definition.
TEST(CovisitationReference, SharesEqualTheDefinition) {
  Random random(testing::test_seed(104));
  CovisitationOptions options;
  options.half_life_hours = {2, 30};
  options.max_neighbors = kItems;
  const auto part = make_covisitation(options, kItems);
  std::map<std::pair<ItemIndex, ItemIndex>, std::vector<std::pair<Timestamp, double>>> links;
  std::map<ItemIndex, Timestamp> as_of;  // the newest link from or to an item: what its row's counts are decayed to
  auto steps = random_steps(random.next(), 1500);
  for (Step& step : steps) {
    step.forget = step.erase = false;
    feed(*part, step);
    const auto& session = step.before.session;
    for (std::size_t d = 1; d <= std::min<std::size_t>(options.window, session.size()); ++d) {
      const ItemIndex from = session[session.size() - d].item;
      if (from != step.event.item) {
        links[{from, step.event.item}].emplace_back(step.event.time,
                                                    static_cast<double>(step.event.weight) / static_cast<double>(d));
        for (const ItemIndex touched : {from, step.event.item}) {
          as_of[touched] = std::max(as_of[touched], step.event.time);
        }
      }
    }
  }
  for (ItemIndex from = 0; from < kItems; ++from) {
    const Timestamp newest = as_of[from];
    const auto count = [&](ItemIndex to, double half_life_hours) {
      double sum = 0;
      for (const auto& [time, weight] : links[{from, to}]) {
        const double hours = static_cast<double>((newest - time).count()) / 3.6e6;
        sum += weight * std::exp2(-hours / half_life_hours);
      }
      return sum;
    };
    for (std::size_t level = 0; level < 2; ++level) {
      double total = 0.5;
      for (ItemIndex to = 0; to < kItems; ++to) total += count(to, options.half_life_hours[level]);
      Context context;
      context.now = newest;
      context.session = {{from, newest}};
      for (ItemIndex to = 0; to < kItems; ++to) {
        const double expected = count(to, options.half_life_hours[level]) / total;
        const float actual = testing::score(part->live(), context, {to})[0][1 + level];
        if (expected < 1e-3) continue;  // floored
        ASSERT_NEAR(static_cast<double>(actual), std::log2(expected), 1e-3);
      }
    }
  }
}

// VMIS-kNN as its definition reads: no index, no limits but the ones that mean something.
struct ReferenceKnn {
  struct Session {
    OwnerKey key = kNobody;
    std::size_t indexed = 0;  // when it came into the index
    Timestamp time{};
    std::vector<ItemIndex> items;
  };

  void observe(const Step& step) {
    if (step.before.session.empty()) return;
    Session* session = nullptr;
    for (Session& other : sessions) {
      if (other.key == step.event.session_key && other.time >= step.before.session.front().time) session = &other;
    }
    if (session == nullptr) {
      sessions.push_back({step.event.session_key, sessions.size(), step.before.session.back().time, {}});
      session = &sessions.back();
      for (const Visit& visit : step.before.session) session->items.push_back(visit.item);
    }
    session->items.push_back(step.event.item);
    session->time = std::max(session->time, step.event.time);
  }

  // Voters per item, the session itself not among them.
  std::map<ItemIndex, float> voters(const Context& context, std::size_t neighbors) const {
    std::vector<ItemIndex> asked;
    for (std::size_t back = 1; back <= context.session.size() && asked.size() < 9; ++back) {
      const ItemIndex item = context.session[context.session.size() - back].item;
      if (std::find(asked.begin(), asked.end(), item) == asked.end()) asked.push_back(item);
    }
    std::vector<std::pair<std::size_t, const Session*>> near;
    for (const Session& session : sessions) {
      if (session.key == context.session_key && session.time >= context.session.front().time) continue;
      std::size_t similarity = 0;
      for (std::size_t i = 0; i < asked.size(); ++i) {
        if (std::find(session.items.begin(), session.items.end(), asked[i]) != session.items.end()) {
          similarity += asked.size() - i;
        }
      }
      if (similarity > 0) near.emplace_back(similarity, &session);
    }
    std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second->indexed > b.second->indexed;
    });
    if (near.size() > neighbors) near.resize(neighbors);
    std::map<ItemIndex, float> votes;
    for (const auto& [similarity, session] : near) {
      for (const ItemIndex item : std::set<ItemIndex>(session->items.begin(), session->items.end())) {
        if (item != context.last_item()) votes[item] += 1;
      }
    }
    return votes;
  }

  std::vector<Session> sessions;
};

TEST(SessionKnnReference, TheSameNeighborsVoteAsInTheDefinition) {
  Random random(testing::test_seed(105));
  SessionKnnOptions options;
  options.max_sessions = 10'000;
  options.max_sessions_per_item = 10'000;
  options.neighbors = 12;
  options.max_session_items = SessionKnnIndex::kMaxSessionItems;
  const auto part = make_session_knn(options, kItems);
  ReferenceKnn reference;
  for (Step& step : random_steps(random.next(), 1500)) {
    step.forget = step.erase = false;
    if (!step.before.session.empty()) {
      const auto expected = reference.voters(step.before, options.neighbors);
      const auto proposed = testing::propose(part->live(), step.before, kItems);
      ASSERT_EQ(proposed.size(), expected.size());
      for (const Candidate& candidate : proposed) {
        const float log_voters = testing::score(part->live(), step.before, {candidate.item})[0][5];
        ASSERT_TRUE(expected.contains(candidate.item));
        ASSERT_FLOAT_EQ(log_voters, std::log2(1.0F + 8.0F * expected.at(candidate.item)));
      }
    }
    feed(*part, step);
    reference.observe(step);
  }
}

}  // namespace
}  // namespace freshet::online
