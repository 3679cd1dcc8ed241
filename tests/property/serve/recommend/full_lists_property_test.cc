// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <set>

#include "base/random.h"
#include "serve/recommend/recommender.h"
#include "tests/support/service_fixture.h"
#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t kUnknownToBeFew = 10'000;  // above what a list ranks whole

/// A shop of more items than the parts propose, some of them only in the catalogue, which changes while lists are made.
class Shop {
 public:
  Shop(Random& random, std::size_t max_items) : random_(random) {
    fixture.online.max_items = max_items;
    fixture.online.blender.candidates_per_part = 20;
    fixture.model = std::make_unique<online::Model>(fixture.online, online::make_parts(fixture.online));
  }

  /// Item 0 is the most popular. Late items are new ones: with a full vocabulary they take numbers over.
  void click(std::size_t events, std::size_t first_item, std::size_t items) {
    for (; events > 0; --events, ++offset_) {
      const auto nth = static_cast<std::size_t>(static_cast<double>(items) * random_.uniform() * random_.uniform());
      fixture.learn(testing::user_event(offset_, "u" + std::to_string(random_.below(40)),
                                        "i" + std::to_string(first_item + nth), 1'700'000'000'000 + 1000 * offset_));
    }
    fixture.snapshot = fixture.model->publish(fixture.clock.now());
  }

  /// Stores the items PREFIXbegin to PREFIX(end - 1); `available` is asked for each.
  template <typename Available>
  void put(std::string_view prefix, std::size_t begin, std::size_t end, Available available) {
    std::vector<Item> items;
    for (std::size_t n = begin; n < end; ++n) {
      Item& item = items.emplace_back();
      item.item = std::string(prefix) + std::to_string(n);
      item.available = available();
      item.time = timestamp_from_ms(static_cast<std::int64_t>(random_.below(1000)));
    }
    testing::put_items(fixture.catalogue, items);
  }

  bool knows(std::string_view item) const { return fixture.model->vocabulary().find(item) != online::kNoItem; }

  testing::ServiceFixture fixture;

 private:
  Random& random_;
  std::int64_t offset_ = 1000;
};

/// Items by their names. Its estimate may be far above their number.
class Chosen final : public ItemSelection {
 public:
  Chosen(const online::Vocabulary& vocabulary, std::set<std::string, std::less<>> names, std::size_t estimate)
      : vocabulary_(vocabulary), names_(std::move(names)), estimate_(estimate) {}

  bool allows(online::ItemIndex item) const override { return contains(vocabulary_.name(item)); }
  bool contains(std::string_view item) const override { return names_.contains(item); }
  bool is_used_up() const override { return false; }
  std::size_t estimate() const override { return estimate_; }
  void enumerate(const std::function<bool(std::string_view)>& visit) const override {
    for (const std::string& name : names_) {
      if (!visit(name)) return;
    }
  }

 private:
  const online::Vocabulary& vocabulary_;
  const std::set<std::string, std::less<>> names_;
  const std::size_t estimate_;
};

bool is_allowed(const Shop& shop, const ListRequest& request, const std::string& name) {
  const online::ItemIndex item = shop.fixture.model->vocabulary().find(name);
  const auto& session = request.context.session;
  const bool seen = std::ranges::find(session, item, &online::Visit::item) != session.end();
  return shop.fixture.catalogue.is_available(name) && !request.exclude.contains(name) &&
         !request.of_types.contains(name) && (request.only == nullptr || request.only->contains(name)) &&
         (item == online::kNoItem || item != request.context.last_item()) && !(request.exclude_seen && seen);
}

/// Every item that the list may have: those that the model knows, most popular first, and the others.
struct Allowed {
  Names known, unknown;

  Allowed(Shop& shop, const ListRequest& request) {
    const online::Vocabulary& vocabulary = shop.fixture.model->vocabulary();
    const online::Context nobody{.session = {}, .now = request.context.now};
    for (const online::Candidate& candidate : most_popular(shop, nobody)) {
      if (is_allowed(shop, request, vocabulary.name(candidate.item))) known.push_back(vocabulary.name(candidate.item));
    }
    const auto add_unknown = [&](std::string_view item) {
      const std::string name(item);
      if (!shop.knows(name) && is_allowed(shop, request, name)) unknown.push_back(name);
      return true;
    };
    if (request.only != nullptr) {
      request.only->enumerate(add_unknown);
      return;
    }
    for (const auto& item : shop.fixture.catalogue.newest_available(10'000, nullptr)) add_unknown(item.name);
  }

  static std::vector<online::Candidate> most_popular(const Shop& shop, const online::Context& context) {
    std::unique_ptr<online::Query> query;
    shop.fixture.snapshot->parts.front()->ask(context, query);
    std::vector<online::Candidate> all;
    query->propose(100'000, nullptr, all);
    return all;
  }
};

/// What parts may propose: everything that the list may have.
class Permitted final : public online::AllowedItems {
 public:
  Permitted(const Shop& shop, const ListRequest& request) : shop_(shop), request_(request) {}
  bool allows(online::ItemIndex item) const override {
    return is_allowed(shop_, request_, shop_.fixture.model->vocabulary().name(item));
  }

 private:
  const Shop& shop_;
  const ListRequest& request_;
};

struct Scored {
  std::vector<float> scores;  ///< best first
  Names names;
};

/// The best items for `request` and their scores, by the plainest code: of what the parts propose, or of all.
Scored best_items(Shop& shop, const ListRequest& request, const Allowed& allowed, bool of_all) {
  const online::Snapshot& snapshot = *shop.fixture.snapshot;
  const online::Vocabulary& vocabulary = shop.fixture.model->vocabulary();
  std::vector<const online::Scorer*> scorers;
  for (const auto& part : snapshot.parts) scorers.push_back(part.get());
  const Permitted permitted(shop, request);
  online::Ranking ranking;
  online::ask(scorers, request.context, ranking);
  if (of_all) {
    for (const std::string& name : allowed.known) ranking.items.push_back(vocabulary.find(name));
  } else {
    online::propose(scorers, std::max(shop.fixture.online.blender.candidates_per_part, request.k), &permitted, ranking);
  }
  online::extract_features(scorers, ranking);
  online::blend(*snapshot.blender, ranking);
  Scored best;
  for (const std::size_t row : online::top_k(ranking, request.k)) {
    best.scores.push_back(ranking.scores[row]);
    best.names.push_back(vocabulary.name(ranking.items[row]));
  }
  return best;
}

Names names_of(const List& list) {
  Names names;
  for (const List::Entry& entry : list.items) names.push_back(entry.item);
  return names;
}

void expect_full(const List& list, const ListRequest& request, Shop& shop, const Allowed& allowed) {
  const Names names = names_of(list);
  EXPECT_EQ(names.size(), std::min(request.k, allowed.known.size() + allowed.unknown.size()));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << "an item is there twice";
  for (const std::string& name : names) EXPECT_TRUE(is_allowed(shop, request, name)) << name;
}

ListRequest random_request(Random& random, Shop& shop, const Recommender& recommender) {
  ListRequest request;
  Names session;
  for (std::uint64_t n = random.below(4); n > 0; --n) session.push_back("i" + std::to_string(random.below(30)));
  request.context = recommender.context_of(session);
  request.context.now = shop.fixture.histories.stream_time();
  request.k = 1 + random.below(random.below(4) == 0 ? 200 : 25);
  for (std::uint64_t n = random.below(3) == 0 ? random.below(100) : 0; n > 0; --n) {
    request.exclude.insert((n % 5 == 0 ? "cold" : "i") + std::to_string(random.below(100)));
  }
  for (std::uint64_t n = random.below(3) == 0 ? random.below(30) : 0; n > 0; --n) {
    request.of_types.insert((n % 5 == 0 ? "cold" : "i") + std::to_string(random.below(100)));
  }
  request.exclude_seen = random.below(2) == 0;
  if (random.below(2) == 0) return request;
  std::set<std::string, std::less<>> chosen;
  const double share = std::pow(random.uniform(), 2);
  for (std::size_t n = 0; n < 110; ++n) {
    for (const char* prefix : {"i", "cold"}) {
      if (random.uniform() < share) chosen.insert(prefix + std::to_string(n));
    }
  }
  const std::size_t estimate = chosen.size() + (random.below(2) == 0 ? kUnknownToBeFew : 0);
  request.only = std::make_shared<Chosen>(shop.fixture.model->vocabulary(), std::move(chosen), estimate);
  return request;
}

TEST(FullLists, AListHasAllItemsThatItMayHave_UpToK) {
  Random random(testing::test_seed(5));
  std::ptrdiff_t found = 0, expected = 0;
  for (int round = 0; round < 6; ++round) {
    Shop shop(random, round % 2 == 0 ? 1000 : 90);
    shop.click(600, 0, 100);
    const Services services = shop.fixture.services();
    const Recommender recommender(services);
    shop.put("cold", 0, 30, [&] { return random.below(3) > 0; });
    for (int change = 0; change < 12; ++change) {
      const bool available = random.below(3) == 0;
      shop.put("i", random.below(20), random.below(110), [&] { return available; });
      if (change % 4 == 3) shop.click(60, 60 + 10 * static_cast<std::size_t>(change), 40);
      for (int n = 0; n < 5; ++n) {
        const ListRequest request = random_request(random, shop, recommender);
        const Allowed allowed(shop, request);
        ListRequest everything;
        everything.k = 10'000;
        recommender.popular(everything);  // after this the parts are asked within what is available
        const List popular = recommender.popular(request);
        expect_full(popular, request, shop, allowed);
        Names most_popular = allowed.known;
        most_popular.insert(most_popular.end(), allowed.unknown.begin(), allowed.unknown.end());
        most_popular.resize(std::min(request.k, most_popular.size()));
        EXPECT_EQ(names_of(popular), most_popular);

        const List list = recommender.recommend(request);
        expect_full(list, request, shop, allowed);
        if (request.context.session.empty()) continue;
        const bool whole = request.only != nullptr && request.only->estimate() < kUnknownToBeFew;
        const std::vector<float> best = best_items(shop, request, allowed, whole).scores;
        for (std::size_t i = 0; i < best.size(); ++i) EXPECT_EQ(list.items[i].score, best[i]) << i;
        ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round << ", change " << change;
        if (request.k < 20 || allowed.known.size() < 20) continue;
        for (const std::string& name : best_items(shop, request, allowed, true).names) {
          ++expected;
          found += std::ranges::count(names_of(list), name);
        }
      }
    }
  }
  // The best fifty of each part are not everything.
  EXPECT_GE(static_cast<double>(found), 0.85 * static_cast<double>(expected)) << "of what ranking everything finds";
}

}  // namespace
}  // namespace freshet::serve
