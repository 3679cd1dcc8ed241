// Lists with the part content: its share in the order.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "online/parts/content/content.h"
#include "serve/recommend/recommender.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

using Names = std::vector<std::string>;

online::Options options_with_content() {
  static constexpr std::array kKinds{&online::kPopularity, &online::kCovisitation, &online::kContent};
  return testing::with_every_part(kKinds);
}

/// Shirts and pans, which nobody has clicked but shirt-0, and hits, which people go to from there and nobody has described.
class ContentListsTest : public ::testing::Test {
 protected:
  static constexpr int kShirts = 100;

  ContentListsTest() {
    fixture_.online = options_with_content();
    fixture_.model =
        std::make_unique<online::Model>(fixture_.online, online::make_parts(fixture_.online), fixture_.ids);
    for (int n = 0; n < kShirts; ++n) put("shirt-" + std::to_string(n), "blue cotton shirt " + std::to_string(n % 10));
    for (int n = 0; n < 30; ++n) put("pan-" + std::to_string(n), "steel pan for the stove");
    for (int n = 0; n < 60; ++n) {
      click("u" + std::to_string(n), "shirt-0");
      click("u" + std::to_string(n), "hit-" + std::to_string(n % 12));
    }
    fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  }

  void put(const std::string& name, const std::string& title) {
    Item item;
    item.item = name;
    item.title = title;
    fixture_.learn(testing::item_record({0, offset_++}, testing::put_of(item)));
  }
  void click(const std::string& user, const std::string& item) {
    fixture_.learn(testing::user_event(offset_, user, item, 1'700'001'000'000 + offset_));
    ++offset_;
  }

  static ListRequest request_after(const Recommender& recommender, const std::string& item, std::size_t k) {
    ListRequest request;
    request.context = recommender.context_of({item});
    request.k = k;
    return request;
  }
  static Names names_of(const List& list) {
    Names names;
    for (const List::Entry& entry : list.items) names.push_back(entry.item);
    return names;
  }
  static bool all_begin(const List& list, std::string_view prefix) {
    return std::ranges::all_of(list.items, [&](const auto& entry) { return entry.item.starts_with(prefix); });
  }

  testing::ServiceFixture fixture_;
  std::int64_t offset_ = 1000;
};

TEST_F(ContentListsTest, TheShareOfContentGoesFromNothingToEverything) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  ListRequest request = request_after(recommender, "shirt-0", 10);
  request.explain = true;
  EXPECT_EQ(recommender.recommend(request).source, "blend");

  request.content = 0;
  const List without = recommender.recommend(request);
  EXPECT_EQ(without.source, "blend");
  EXPECT_TRUE(all_begin(without, "hit-"));
  EXPECT_EQ(std::ranges::count(without.parts, "content"), 0);

  request.content = 1;
  const List alone = recommender.recommend(request);
  EXPECT_EQ(alone.source, "content");
  EXPECT_TRUE(all_begin(alone, "shirt-"));
  for (const List::Entry& entry : alone.items) {
    EXPECT_TRUE(std::ranges::count(entry.parts, "content", [](const auto& part) { return part.first; }) == 1)
        << entry.item;
  }

  request.content = 0.5;
  const List half = recommender.recommend(request);
  EXPECT_EQ(half.source, "blend+content");
  EXPECT_FALSE(all_begin(half, "hit-"));
  EXPECT_FALSE(all_begin(half, "shirt-"));
  EXPECT_TRUE(std::ranges::is_sorted(half.items, std::ranges::greater(), &List::Entry::score));
}

TEST_F(ContentListsTest, ASelectionThatIsRankedWholeKnowsTheShareToo) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  ListRequest request = request_after(recommender, "shirt-0", 200);
  request.only = *recommender.selection("item STARTS WITH hit OR title CONTAINS shirt");
  request.content = 0;
  const List without = recommender.recommend(request);
  EXPECT_EQ(std::ranges::count(without.parts, "content"), 0);
  EXPECT_TRUE(without.items.front().item.starts_with("hit-"));
  request.content = 1;
  EXPECT_TRUE(recommender.recommend(request).items.front().item.starts_with("shirt-"));
}

TEST_F(ContentListsTest, CandidatesOfTheCallerAreRankedWithTheShareToo) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  const online::Context context = recommender.context_of({"shirt-0"});
  const Names candidates{"pan-1", "hit-0", "shirt-1", "unknown"};
  const List without = recommender.rank(context, candidates, 0.0);
  EXPECT_EQ(without.items.front().item, "hit-0");
  EXPECT_EQ(without.parts, (Names{"popularity", "covisitation"}));
  const List alone = recommender.rank(context, candidates, 1.0);
  EXPECT_EQ(names_of(alone), (Names{"shirt-1", "pan-1", "hit-0", "unknown"}));
  EXPECT_EQ(alone.source, "content");
}

TEST_F(ContentListsTest, WhereContentKnowsNothingItsShareChangesNothing) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  ListRequest request = request_after(recommender, "hit-0", 10);
  const Names as_learned = names_of(recommender.recommend(request));
  for (const double share : {0.3, 1.0}) {
    request.content = share;
    const List list = recommender.recommend(request);
    EXPECT_EQ(names_of(list), as_learned);
    EXPECT_EQ(list.source, "blend");
  }
}

TEST(ContentLists, WithoutACatalogueTheShareChangesNothing) {
  testing::ServiceFixture fixture;
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.context = recommender.context_of({"a"});
  const List as_learned = recommender.recommend(request);
  for (const double share : {0.0, 0.3, 1.0}) {
    request.content = share;
    const List list = recommender.recommend(request);
    ASSERT_EQ(list.items.size(), as_learned.items.size());
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      EXPECT_EQ(list.items[i].item, as_learned.items[i].item);
      EXPECT_EQ(list.items[i].score, as_learned.items[i].score);
    }
    EXPECT_EQ(list.source, "blend");
  }
}

}  // namespace
}  // namespace freshet::serve
