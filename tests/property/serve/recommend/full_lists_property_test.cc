#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "serve/recommend/recommender.h"
#include "tests/support/service_fixture.h"
#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

using Names = std::vector<std::string>;

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

bool is_allowed(const Shop& shop, const ListRequest& request, const std::string& name) {
  const online::ItemIndex item = shop.fixture.model->vocabulary().find(name);
  const auto& session = request.context.session;
  const bool seen = std::ranges::find(session, item, &online::Visit::item) != session.end();
  return shop.fixture.catalogue.is_available(name) && !request.exclude.contains(name) &&
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
    for (const auto& item : shop.fixture.catalogue.newest_available(10'000, nullptr)) {
      if (!shop.knows(item.name) && is_allowed(shop, request, item.name)) unknown.push_back(item.name);
    }
  }

  static std::vector<online::Candidate> most_popular(const Shop& shop, const online::Context& context) {
    std::unique_ptr<online::Query> query;
    shop.fixture.snapshot->parts.front()->ask(context, query);
    std::vector<online::Candidate> all;
    query->propose(100'000, all);
    return all;
  }
};

/// The scores of the items that a list for `request` should begin with, by the plainest code.
std::vector<float> best_scores(Shop& shop, const ListRequest& request, const Allowed& allowed) {
  const online::Snapshot& snapshot = *shop.fixture.snapshot;
  const online::Vocabulary& vocabulary = shop.fixture.model->vocabulary();
  std::vector<const online::Scorer*> scorers;
  for (const auto& part : snapshot.parts) scorers.push_back(part.get());
  const std::size_t per_part = std::max(shop.fixture.online.blender.candidates_per_part, request.k);
  online::Ranking ranking;
  online::ask(scorers, request.context, ranking);
  online::propose(scorers, per_part, ranking);
  std::erase_if(ranking.items, [&](auto item) { return !is_allowed(shop, request, vocabulary.name(item)); });
  const std::size_t proposed = ranking.items.size();
  for (std::size_t i = 0; proposed < request.k && i < allowed.known.size(); ++i) {
    const online::ItemIndex item = vocabulary.find(allowed.known[i]);
    if (ranking.items.size() == proposed + per_part) break;
    if (std::ranges::count(ranking.items, item) == 0) ranking.items.push_back(item);
  }
  online::extract_features(scorers, ranking);
  online::blend(*snapshot.blender, ranking);
  std::ranges::sort(ranking.scores, std::greater{});
  ranking.scores.resize(std::min(request.k, ranking.scores.size()));
  return ranking.scores;
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
  request.exclude_seen = random.below(2) == 0;
  return request;
}

TEST(FullLists, AListHasAllItemsThatItMayHave_UpToK) {
  Random random(testing::test_seed(5));
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
        const List popular = recommender.popular(request);
        expect_full(popular, request, shop, allowed);
        Names most_popular = allowed.known;
        most_popular.insert(most_popular.end(), allowed.unknown.begin(), allowed.unknown.end());
        most_popular.resize(std::min(request.k, most_popular.size()));
        EXPECT_EQ(names_of(popular), most_popular);

        const List list = recommender.recommend(request);
        expect_full(list, request, shop, allowed);
        if (request.context.session.empty()) continue;
        const std::vector<float> best = best_scores(shop, request, allowed);
        for (std::size_t i = 0; i < best.size(); ++i) EXPECT_EQ(list.items[i].score, best[i]) << i;
        ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round << ", change " << change;
      }
    }
  }
}

}  // namespace
}  // namespace freshet::serve
