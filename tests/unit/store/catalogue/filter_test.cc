// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter.h"

#include <gtest/gtest.h>

#include <set>

#include "store/catalogue/bound_filter.h"
#include "store/catalogue/filter_cache.h"
#include "tests/support/item_columns.h"

namespace freshet::store {
namespace {

using Items = std::set<std::string>;

Timestamp time(const char* text) { return parse_rfc3339(text).value(); }

/// A small shop.
class Filters : public ::testing::Test {
 protected:
  Filters() {
    Item phone = testing::item_named("phone");
    phone.title = "Käfer Phone 5";
    phone.text = "It rings.";
    phone.categories = {"Electronics > Phones"};
    phone.price = 499;
    phone.time = time("2026-11-01T12:00:00Z");
    phone.attributes = {{"brand", std::string("Apple")},
                        {"sizes", std::vector<std::string>{"S", "42"}},
                        {"used", false},
                        {"weight", 120.5}};
    items_.put(phone);

    Item shoe = testing::item_named("shoe");
    shoe.categories = {"shoes/running", "sale"};
    shoe.price = 80;
    shoe.available = false;
    shoe.attributes = {{"brand", std::string("")},
                       {"released", time("2025-01-01T00:00:00Z")},
                       {"sizes", std::vector<std::string>{}},
                       {"used", true},
                       {"weight", std::string("light")}};
    shoe.relations = {{"maker", {"apple", "pear"}}};
    items_.put(shoe);

    Item lamp = testing::item_named("Lamp");
    lamp.title = "A lamp";
    lamp.categories = {"electronics"};
    lamp.attributes = {{"note", std::string(600, 'x')}, {"size", JsonText{R"({"w":1})"}}};
    lamp.relations = {{"brand", {"pear"}}};
    items_.put(lamp);
  }

  Items matching(std::string_view filter, const Item* context = nullptr) {
    const auto bound = items_.bind(filter, {.item = context});
    EXPECT_TRUE(bound) << filter << ": " << (bound ? "" : bound.error().message);
    Items found, enumerated;
    if (!bound) return found;
    for (const auto& [item, row] : items_.rows()) {
      if (bound->matches(row)) found.insert(item);
    }
    bound->enumerate(BoundFilter::kAll, [&](CatalogueRow row) {
      EXPECT_TRUE(enumerated.emplace(items_.item(row)).second) << filter << " gave a row twice";
    });
    EXPECT_EQ(enumerated, found) << filter;
    EXPECT_GE(bound->estimate(), found.size()) << filter;
    return found;
  }

  std::string error(std::string_view filter, bool strict = false) {
    const auto bound = items_.bind(filter, {.strict = strict});
    return bound ? "no error" : bound.error().message;
  }

  testing::ItemColumns items_;
};

const Items kAll = {"phone", "shoe", "Lamp"};
const Items kPhone = {"phone"};
const Items kShoe = {"shoe"};
const Items kLamp = {"Lamp"};
const Items kNone = {};

TEST_F(Filters, EqualityOfTextsIgnoresCase) {
  EXPECT_EQ(matching("brand = apple"), kPhone);
  EXPECT_EQ(matching("brand = \"APPLE\""), kPhone);
  EXPECT_EQ(matching("brand = 'aPPle'"), kPhone);
  EXPECT_EQ(matching("brand != apple"), (Items{"shoe", "Lamp"}));
  EXPECT_EQ(matching("brand = \"\""), kShoe);
}

TEST_F(Filters, RelationsAreAttributes) {
  EXPECT_EQ(matching("brand = pear"), kLamp);
  EXPECT_EQ(matching("maker = pear AND maker = apple"), kShoe);
  EXPECT_EQ(matching("brand IN [apple, 'pear']"), (Items{"phone", "Lamp"}));
}

TEST_F(Filters, AValueIsEverythingThatItCanBeReadAs) {
  EXPECT_EQ(matching("price = 499"), kPhone);
  EXPECT_EQ(matching("price = \"499.0\""), kPhone);
  EXPECT_EQ(matching("sizes = 42"), kPhone);
  EXPECT_EQ(matching("used = true"), kShoe);
  EXPECT_EQ(matching("used = \"FALSE\""), kPhone);
  EXPECT_EQ(matching("released = 2025-01-01T01:00:00+01:00"), kShoe);
  EXPECT_EQ(matching("weight = light"), kShoe);
  EXPECT_EQ(matching("weight IN [120.5, light, 7]"), (Items{"phone", "shoe"}));
}

TEST_F(Filters, RangesAreOfNumbersAndTimes) {
  EXPECT_EQ(matching("price < 499"), kShoe);
  EXPECT_EQ(matching("price <= 499"), (Items{"phone", "shoe"}));
  EXPECT_EQ(matching("price > 80"), kPhone);
  EXPECT_EQ(matching("price >= 80"), (Items{"phone", "shoe"}));
  EXPECT_EQ(matching("price 80 TO 498.9"), kShoe);
  EXPECT_EQ(matching("price 100 to 80"), kNone);
  EXPECT_EQ(matching("NOT price < 499"), (Items{"phone", "Lamp"}));
  EXPECT_EQ(matching("weight > 100"), kPhone);
  EXPECT_EQ(matching("ts > 2026-10-31T00:00:00Z"), kPhone);
  EXPECT_EQ(matching("time < \"2026-11-01T12:00:00Z\""), kNone);
  EXPECT_EQ(matching("released 2024-12-31 TO 2025-01-01"), kShoe);
}

TEST_F(Filters, AListMatchesIfAnyElementDoes) {
  EXPECT_EQ(matching("sizes = s"), kPhone);
  EXPECT_EQ(matching("sizes != s"), (Items{"shoe", "Lamp"}));
  EXPECT_EQ(matching("sizes NOT IN [m, 42]"), (Items{"shoe", "Lamp"}));
  EXPECT_EQ(matching("sizes IN []"), kNone);
  EXPECT_EQ(matching("sizes NOT IN []"), kAll);
}

TEST_F(Filters, CategoriesMatchByLevel) {
  EXPECT_EQ(matching("category = electronics"), (Items{"phone", "Lamp"}));
  EXPECT_EQ(matching("categories = \"Electronics > Phones\""), kPhone);
  EXPECT_EQ(matching("category = electronics/phones"), kPhone);
  EXPECT_EQ(matching("category = electronics.phones"), kPhone);
  EXPECT_EQ(matching("category = phones"), kNone);
  EXPECT_EQ(matching("category IN [shoes, sale]"), kShoe);
  EXPECT_EQ(matching("category != electronics"), kShoe);
  EXPECT_EQ(matching("category CONTAINS phone"), kPhone);
  EXPECT_EQ(matching("category STARTS WITH \"shoes/run\""), kShoe);
}

TEST_F(Filters, ExistenceAndEmptiness) {
  EXPECT_EQ(matching("brand EXISTS"), kAll);
  EXPECT_EQ(matching("sizes NOT EXISTS"), kLamp);
  EXPECT_EQ(matching("sizes IS EMPTY"), kShoe);
  EXPECT_EQ(matching("brand is empty"), kShoe);
  EXPECT_EQ(matching("sizes IS NOT EMPTY"), kPhone);
  EXPECT_EQ(matching("NOT sizes IS EMPTY"), (Items{"phone", "Lamp"}));
  EXPECT_EQ(matching("size EXISTS"), kLamp);
  EXPECT_EQ(matching("size IS NOT EMPTY"), kLamp);
  EXPECT_EQ(matching("price NOT EXISTS"), kLamp);
  EXPECT_EQ(matching("ts EXISTS"), kPhone);
  EXPECT_EQ(matching("title IS EMPTY"), kShoe);
  EXPECT_EQ(matching("title IS NOT EMPTY"), (Items{"phone", "Lamp"}));
  EXPECT_EQ(matching("category IS EMPTY"), kNone);
  EXPECT_EQ(matching("item EXISTS"), kAll);
  EXPECT_EQ(matching("available EXISTS"), kAll);
}

TEST_F(Filters, TextsAreSearched) {
  EXPECT_EQ(matching("title CONTAINS KÄFER"), kPhone);
  EXPECT_EQ(matching("title STARTS WITH 'a l'"), kLamp);
  EXPECT_EQ(matching("title NOT CONTAINS phone"), (Items{"shoe", "Lamp"}));
  EXPECT_EQ(matching("text CONTAINS rings"), kPhone);
  EXPECT_EQ(matching("brand CONTAINS ppl"), kPhone);
  EXPECT_EQ(matching("brand STARTS WITH p"), kLamp);
  EXPECT_EQ(matching("brand NOT STARTS WITH p"), (Items{"phone", "shoe"}));
  EXPECT_EQ(matching("item CONTAINS P"), (Items{"phone", "Lamp"}));
  EXPECT_EQ(matching("item STARTS WITH la"), kLamp);
  EXPECT_EQ(matching("weight CONTAINS 120"), kNone) << "a number is not searched";
}

TEST_F(Filters, ManyDistinctTextsAreSearchedRowByRow) {
  for (int i = 0; i < 5000; ++i) {
    Item item = testing::item_named("many" + std::to_string(i));
    item.attributes = {{"sku", "Sku-" + std::to_string(i)}};
    items_.put(item);
  }
  EXPECT_EQ(matching("sku CONTAINS 'U-4321'"), (Items{"many4321"}));
  EXPECT_EQ(matching("sku STARTS WITH 'sku-432' AND sku CONTAINS 21"), (Items{"many4321"}));
}

TEST_F(Filters, ItemsAreNamedExactly) {
  EXPECT_EQ(matching("item = Lamp"), kLamp);
  EXPECT_EQ(matching("item = lamp"), kNone);
  EXPECT_EQ(matching("item IN [phone, nothing]"), kPhone);
  EXPECT_EQ(matching("item != phone"), (Items{"shoe", "Lamp"}));
}

TEST_F(Filters, AndComesBeforeOr) {
  EXPECT_EQ(matching("brand = pear OR brand = apple AND price > 1000"), kLamp);
  EXPECT_EQ(matching("(brand = pear OR brand = apple) AND price > 100"), kPhone);
  EXPECT_EQ(matching("NOT brand = pear AND NOT brand = apple"), kShoe);
  EXPECT_EQ(matching("NOT (brand = pear OR brand = apple)"), kShoe);
  EXPECT_EQ(matching("NOT NOT brand = pear"), kLamp);
  EXPECT_EQ(matching("available = true and price exists"), kPhone);
  EXPECT_EQ(matching(""), kAll);
  EXPECT_EQ(matching(" \n"), kAll);
}

TEST_F(Filters, TheContextIsTheItemThatTheListIsAbout) {
  const Item& phone = items_.at(*items_.find("phone"));
  EXPECT_EQ(matching("price < context.price", &phone), kShoe);
  EXPECT_EQ(matching("price 0 TO context.price", &phone), (Items{"phone", "shoe"}));
  EXPECT_EQ(matching("maker = context.brand", &phone), kShoe);
  EXPECT_EQ(matching("category = context.category AND item != context.item", &phone), kNone);
  EXPECT_EQ(matching("sizes = context.sizes", &phone), kPhone);
  EXPECT_EQ(matching("weight = context.weight", &phone), kPhone);
  EXPECT_EQ(matching("ts >= context.ts", &phone), kPhone);
  EXPECT_EQ(matching("brand = 'context.brand'", &phone), kNone) << "in quotes it is a text";
}

TEST_F(Filters, WithoutTheValueOfTheContextAComparisonIsFalse) {
  const Item& lamp = items_.at(*items_.find("Lamp"));
  for (const char* filter : {"price < context.price", "price != context.price", "weight = context.weight"}) {
    EXPECT_EQ(matching(filter, &lamp), kNone) << filter;
    EXPECT_EQ(matching(filter), kNone) << filter;
  }
  EXPECT_EQ(matching("NOT price < context.price"), kAll);
}

TEST_F(Filters, AnItemOutsideTheCatalogueHasOnlyItsName) {
  const auto unknown = [&](std::string_view filter) { return items_.bind(filter)->matches_unknown("New"); };
  EXPECT_TRUE(unknown("item = New"));
  EXPECT_TRUE(unknown("item STARTS WITH ne"));
  EXPECT_TRUE(unknown("brand != apple AND price NOT EXISTS"));
  EXPECT_FALSE(unknown("available = true"));
  EXPECT_FALSE(unknown("NOT item = New"));
  EXPECT_TRUE(unknown(""));
}

TEST_F(Filters, NamesTheFirstAttributesThatNoItemHas) {
  const auto unknown = [&](std::string_view filter) { return items_.bind(filter)->unknown_attributes(); };
  EXPECT_EQ(unknown("price < 5 AND (brand = a OR NOT brnad = a)"),
            std::vector<std::string>{R"(col 33: unknown attribute "brnad"; did you mean "brand"?)"});
  EXPECT_TRUE(unknown("brand = apple AND item = 1 AND text EXISTS").empty());
  std::string many = "a0 = 1";
  for (int i = 1; i < 20; ++i) many += " OR a" + std::to_string(i) + " = 1";
  EXPECT_EQ(unknown(many).size(), 10U);
}

TEST_F(Filters, UnknownAttributesAreMissingOnesUnlessStrict) {
  EXPECT_EQ(matching("brnad = apple"), kNone);
  EXPECT_EQ(matching("brnad != apple"), kAll);
  EXPECT_EQ(error("price < 5 AND brnad = apple", true), R"(col 15: unknown attribute "brnad"; did you mean "brand"?)");
  EXPECT_EQ(error("zzz = 1", true), R"x(col 1: unknown attribute "zzz")x");
  EXPECT_EQ(error(R"([["brand = a", {"attribute": "brnad", "op": "EXISTS"}]])", true),
            R"([0][1]: unknown attribute "brnad"; did you mean "brand"?)");
  EXPECT_EQ(error("brand = apple AND item = 1 AND text EXISTS", true), "no error");
}

TEST_F(Filters, ErrorsNameTheColumn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"price <", R"(col 8: expected a value after "<", not the end)"},
      {"price", R"(col 6: expected an operator after "price", not the end)"},
      {"= 3", R"x(col 1: expected an attribute, not "=")x"},
      {"price < AND x = 1", R"x(col 9: expected a value after "<", not "AND")x"},
      {"price == 3", R"(col 7: there is no operator "=="; use =)"},
      {"a = 1 && b = 2", R"(col 7: there is no operator "&&"; use AND)"},
      {"brand apple", R"x(col 7: expected an operator after "brand", not "apple")x"},
      {"brand = apple pear", R"x(col 15: expected AND or OR before "pear")x"},
      {"(brand = apple", R"x(col 15: expected AND, OR or the ")" for the "(" of col 1, not the end)x"},
      {"brand = apple)", R"x(col 14: there is no "(" for this ")")x"},
      {"brand IN apple", R"x(col 10: expected "[" after IN, not "apple")x"},
      {"brand IN [apple", R"(col 16: expected "," or "]" in a list, not the end)"},
      {"brand IN [,]", R"x(col 11: expected a value after "[", not ",")x"},
      {"brand NOT apple", R"x(col 11: expected IN, EXISTS, CONTAINS or STARTS WITH after "NOT", not "apple")x"},
      {"brand IS nothing", R"x(col 10: expected EMPTY or NOT EMPTY after IS, not "nothing")x"},
      {"brand STARTS a", R"x(col 14: expected WITH after STARTS, not "a")x"},
      {"price 10 TO", R"(col 12: expected a value after "TO", not the end)"},
      {"brand = 'apple", "col 9: the quote is not closed"},
      {"käse = \xFF", "col 8: not valid UTF-8"},
      {"ä = 'ü' x", R"x(col 9: expected AND or OR before "x")x"},
      {"context.price < 3", R"(col 1: "context.price" can only be on the right of an operator)"},
      {"brand IN [context.brand]", R"(col 11: "context.brand" cannot be in a list; compare with = and OR)"},
      {"title CONTAINS context.title", "col 16: a text is expected here, not one of the context"},
      {"price < cheap", R"(col 9: "price" is a number; "cheap" is not)"},
      {"price IN [1, cheap]", R"(col 14: "price" is a number; "cheap" is not)"},
      {"available = 1", R"(col 13: "available" is true or false; "1" is neither)"},
      {"ts > 5", R"(col 6: "ts" is a time, such as 2026-01-31T00:00:00Z; "5" is not)"},
      {"brand < apple",
       R"(col 9: only numbers and times, such as 2026-01-31T00:00:00Z, have an order; "apple" is neither)"},
      {"weight 5 TO 2026-01-01", "col 13: a range is from number to number or from time to time"},
      {"category > 5", R"(col 1: "category" has no order; numbers and times have)"},
      {"title = 'A lamp'", R"(col 1: "title" is searched by CONTAINS, STARTS WITH and EXISTS only)"},
      {"price CONTAINS 4", R"(col 1: "price" is no text to be searched)"},
  };
  for (const auto& [filter, message] : cases) EXPECT_EQ(error(filter), message) << filter;
}

TEST_F(Filters, LimitsAreKept) {
  EXPECT_EQ(error(std::string(kMaxFilterTextBytes + 1, ' ')), "the filter is longer than 16384 bytes");
  const std::string deep(65, '(');
  EXPECT_EQ(error(deep + "a = 1"), "col 65: nested more than 64 deep");
  EXPECT_EQ(error(deep.substr(2) + "a = 1" + std::string(63, ')')), "no error");
  std::string json = R"({"attribute":"a","op":"IN","value":[1)";
  for (std::size_t i = 2; i < kMaxFilterValues; ++i) json += ",1";
  EXPECT_EQ(error(json + "]}"), "no error");
  EXPECT_EQ(error(json + ",1]}"), "more than 10000 comparisons and values");
  EXPECT_EQ(error("[\"" + std::string(kMaxFilterJsonBytes, ' ') + "\"]"),
            "the filter is longer than 524288 bytes of JSON");
}

TEST_F(Filters, QuotesKeepWhatWordsCannotSay) {
  Item item = testing::item_named("odd");
  item.attributes = {{"and", std::string("or")}, {"the \"size\"", std::string("it's \\ 5\"")}};
  items_.put(item);
  EXPECT_EQ(matching(R"("and" = 'or')"), (Items{"odd"}));
  EXPECT_EQ(matching(R"("the \"size\"" = "it's \\ 5\"")"), (Items{"odd"}));
  EXPECT_EQ(matching(R"('the "size"' = 'it\'s \\ 5"')"), (Items{"odd"}));
}

TEST_F(Filters, JsonSaysTheSame) {
  EXPECT_EQ(matching(R"(["available = true", ["brand = apple", "brand = pear"]])"), (Items{"phone", "Lamp"}));
  for (const char* everything : {"[]", R"({"and": []})", R"({"not": [[]]})"}) {
    EXPECT_EQ(matching(everything), kAll) << everything;
  }
  for (const char* nothing : {"[[]]", R"({"or": []})", R"(["brand = apple", []])", R"({"not": []})"}) {
    EXPECT_EQ(matching(nothing), kNone) << nothing;
  }
  EXPECT_EQ(matching(R"({"attribute": "price", "op": "<", "value": 100})"), kShoe);
  EXPECT_EQ(matching(R"({"attribute": "price", "op": "TO", "value": [80, 499]})"), (Items{"phone", "shoe"}));
  EXPECT_EQ(matching(R"({"attribute": "sizes", "op": "IN", "value": [42]})"), kPhone);
  EXPECT_EQ(matching(R"({"attribute": "sizes", "op": "NOT IN", "value": ["s"]})"), (Items{"shoe", "Lamp"}));
  EXPECT_EQ(matching(R"({"attribute": "used", "op": "=", "value": true})"), kShoe);
  EXPECT_EQ(matching(R"({"attribute": "sizes", "op": "IS NOT EMPTY"})"), kPhone);
  EXPECT_EQ(matching(R"({"or": ["brand = pear", {"not": {"attribute": "price", "op": "EXISTS"}}]})"), kLamp);
  EXPECT_EQ(matching(R"({"and": ["brand = apple", "price > 1"]})"), kPhone);
  const Item& phone = items_.at(*items_.find("phone"));
  EXPECT_EQ(matching(R"({"attribute": "price", "op": "<", "value": {"context": "price"}})", &phone), kShoe);
}

TEST_F(Filters, ErrorsOfJsonNameThePlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(["price < 5", "price <"])", R"([1] col 8: expected a value after "<", not the end)"},
      {R"([["a = 1", "price < cheap"]])", R"([0][1] col 9: "price" is a number; "cheap" is not)"},
      {R"([["a = 1", ["b = 2"]]])", R"([0][1]: an array in an array of alternatives; use {"and": [...]})"},
      {R"([5])", "[0]: expected a text, an array or an object"},
      {R"({"or": 5})", ".or: expected an array"},
      {R"({"attribute": "a"})", "expected the texts attribute and op"},
      {R"([{"attribute": "a", "op": "="}])",
       R"([0]: value: expected a text, a number, true, false or {"context": NAME})"},
      {R"([{"attribute": "a", "op": "IN", "value": 5}])", "[0]: value: expected an array"},
      {R"([{"attribute": "a", "op": "TO", "value": [5]}])", "[0]: value: expected [from, to]"},
      {R"([{"attribute": "a", "op": "EXISTS", "value": 5}])", "[0]: EXISTS takes no value"},
      {R"([{"attribute": "a", "op": "=", "values": 5}])",
       "[0]: expected the members attribute, op and value, or one of and, or, not"},
      {R"(["a = 1")", "not JSON: incomplete JSON at byte 9"},
      {R"([] x)", "not JSON: extra data at byte 4"},
      {R"({"attribute": "a", "op": "<", "\u006fp": ">", "value": 5})", "op: given twice"},
      {R"([{"not": "a = 1"}, {"or": [], "or": ["a = \"{\""]}])", "or: given twice"},
  };
  for (const auto& [filter, message] : cases) EXPECT_EQ(error(filter), message) << filter;
  EXPECT_TRUE(error(R"({"attribute": "a", "op": "LIKE", "value": 5})").starts_with("op: expected one of = != "));
  EXPECT_TRUE(error(std::string(70, '[') + std::string(70, ']')).starts_with("not JSON: "));
}

TEST_F(Filters, EnumerationStopsAtTheLimit) {
  const auto bound = items_.bind("brand EXISTS");
  std::size_t visited = 0;
  EXPECT_EQ(bound->enumerate(2, [&](CatalogueRow) { ++visited; }), 2U);
  EXPECT_EQ(visited, 2U);
  EXPECT_EQ(bound->enumerate(0, [&](CatalogueRow) { ++visited; }), 0U);
  EXPECT_EQ(visited, 2U);
}

/// What the filter costs a pass over all items: the least work with which it is not used up.
std::uint64_t work_of(const testing::ItemColumns& items, std::string_view filter, std::size_t expected) {
  std::uint64_t least = 0, most = 1'000'000'000;
  while (least < most) {
    const std::uint64_t middle = (least + most) / 2;
    const auto bound = items.bind(filter, {.most_work = middle});
    const std::size_t found = bound->enumerate(BoundFilter::kAll, [](CatalogueRow) {});
    if (bound->is_used_up()) {
      least = middle + 1;
      for (const auto& [name, row] : items.rows()) EXPECT_FALSE(bound->matches(row)) << filter;
      EXPECT_FALSE(bound->matches_unknown("x")) << filter;
    } else {
      EXPECT_EQ(found, expected) << filter << " within " << middle;
      most = middle;
    }
  }
  return least;
}

std::string many(std::size_t count, const std::string& comparison, const std::string& between) {
  std::string filter;
  for (std::size_t i = 0; i < count; ++i) filter += (i > 0 ? between : "") + comparison + std::to_string(i);
  return filter;
}

TEST(FilterWorkOf, IsBoundedByWhatIsComparedAndRead) {
  testing::ItemColumns items;
  for (int i = 0; i < 1000; ++i) {
    Item item = testing::item_named("i" + std::to_string(i));
    item.title = "Title " + std::to_string(i);
    item.text = std::string(8000, 'x');
    item.attributes = {{"c", std::to_string(i % 10)}};
    items.put(item);
  }
  EXPECT_LT(work_of(items, "c = 3", 100), 10U) << "it is looked up";
  const std::uint64_t titles = work_of(items, "title CONTAINS zzz", 0);
  EXPECT_GT(titles, 1000U);
  EXPECT_LT(titles, 5000U);
  const std::uint64_t once = work_of(items, many(1, "text CONTAINS z", " OR "), 0);
  EXPECT_GT(once, 1000U * 8000 / FilterWork::kFoldedPerUnit);
  const std::uint64_t often = work_of(items, many(10, "text CONTAINS z", " OR "), 0);
  EXPECT_LT(often, 4 * once) << "a row's text is read once";
  EXPECT_GT(work_of(items, many(100, "c != a", " AND ") + " AND item CONTAINS zzz", 0), 100'000U);
  EXPECT_GT(work_of(items, "NOT (" + many(100, "c = a", " OR ") + ")", 1000), 100'000U);
  const std::string needle(4000, 'x');
  EXPECT_GT(work_of(items, "text CONTAINS " + needle, 1000), 10 * once) << "a long needle may cost more";
}

TEST(FilterWorkOf, DoesNotDependOnHowOftenTheFilterIsBound) {
  testing::ItemColumns items;
  Item item = testing::item_named("i");
  item.text = std::string(8000, 'x');
  const CatalogueRow row = items.put(item);
  auto bound = items.bind("text CONTAINS y", {.most_work = 1'000'000});
  EXPECT_FALSE(bound->matches(row));
  const std::uint64_t left = bound->work_left();
  EXPECT_LT(left, 1'000'000U - 8000 / FilterWork::kFoldedPerUnit);
  ASSERT_TRUE(bound->bind_again(std::vector<CatalogueRow>{row + 1}));
  EXPECT_EQ(bound->work_left(), left);
  EXPECT_FALSE(bound->matches(row));
  EXPECT_GT(bound->work_left(), left - 10) << "the text is not read again";
  item.text = "y";
  items.put(item);
  ASSERT_TRUE(bound->bind_again(std::vector<CatalogueRow>{row}));
  EXPECT_TRUE(bound->matches(row));
}

TEST(FilterWorkOf, BindingInPiecesIsTheSameAsAtOnce) {
  testing::ItemColumns items;
  for (int i = 0; i < 1000; ++i) {
    Item item = testing::item_named("i" + std::to_string(i));
    item.attributes = {{"c", "color " + std::to_string(i / 2)}, {"size", std::to_string(i % 10)}};
    items.put(item);
  }
  const std::string filter = many(50, "c CONTAINS \"color 1", "\" OR ") + "\" OR size = 3";
  const auto at_once = items.bind(filter, {.most_work = 1'000'000});
  ASSERT_TRUE(at_once->is_complete());
  auto bound = items.bind(filter, {.most_work = 1'000'000, .most_at_once = 2000});
  int pieces = 1;
  for (; !bound->is_complete(); ++pieces) {
    Item other = testing::item_named("i7");
    other.attributes = {{"c", "color 3"}, {"size", pieces % 2 == 0 ? "3" : "4"}};
    items.put(other);
    const auto cost = bound->bind_again(std::nullopt);
    ASSERT_TRUE(cost);
    EXPECT_LT(*cost, 4000U);
  }
  EXPECT_GT(pieces, 5);
  EXPECT_EQ(bound->work_left(), at_once->work_left());
  for (const auto& [name, row] : items.rows()) EXPECT_EQ(bound->matches(row), at_once->matches(row)) << name;
}

TEST(FilterCache, KeepsWhatIsUsedWithinItsBytes) {
  FilterCache cache(40'000);
  const SharedItemFilter first = *cache.get("brand = apple");
  EXPECT_EQ(*cache.get("brand = apple"), first);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cache.get("price < " + std::to_string(i)));
    EXPECT_EQ(*cache.get("brand = apple"), first) << "used all the time";
    EXPECT_LE(cache.memory_bytes(), 40'000U);
  }
  EXPECT_GT(cache.memory_bytes(), 30'000U);
  const std::string large = "brand = \"" + std::string(3000, 'x') + '"';
  EXPECT_NE(*cache.get(large), *cache.get(large)) << "a large one is not kept";
  EXPECT_FALSE(cache.get("price <"));
  FilterCache none(0);
  EXPECT_TRUE(none.get("brand = apple"));
  EXPECT_EQ(none.memory_bytes(), 0U);
}

}  // namespace
}  // namespace freshet::store
