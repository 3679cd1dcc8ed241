// SPDX-License-Identifier: Apache-2.0
// Random items and random filters, against an evaluator that reads nothing but the items.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/json_text.h"
#include "base/random.h"
#include "tests/support/item_columns.h"
#include "tests/support/test_seed.h"

namespace freshet::store {
namespace {

constexpr const char* kTexts[] = {"apple", "Pear", "5", "true", "", "Käfer", "a b", "it's", "2026-01-01T00:00:00Z"};
constexpr const char* kNames[] = {"brand", "tags", "size", "flag", "made", "nobody"};
constexpr const char* kCategories[] = {"A", "A > B", "a/b/c", "D", "d.e", "F/B"};

template <std::size_t N>
std::string pick(Random& random, const char* const (&from)[N]) {
  return from[random.below(N)];
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

Timestamp random_time(Random& random) {
  return parse_rfc3339("2026-01-01T00:00:00Z").value() + std::chrono::hours(random.below(4));
}

AttributeValue random_value(Random& random) {
  switch (random.below(7)) {
    case 0: return static_cast<double>(random.below(10));
    case 1: return random.below(2) == 0;
    case 2: return random_time(random);
    case 3: return JsonText{"{}"};
    case 4: {
      std::vector<std::string> list(random.below(4));
      for (auto& text : list) text = pick(random, kTexts);
      return list;
    }
    default: return pick(random, kTexts);
  }
}

Item random_item(Random& random, std::string name) {
  Item item = testing::item_named(std::move(name));
  if (random.below(2) == 0) item.title = "Title " + pick(random, kTexts);
  if (random.below(2) == 0) item.text = "Text " + pick(random, kTexts);
  for (std::uint64_t n = random.below(3); n > 0; --n) item.categories.push_back(pick(random, kCategories));
  if (random.below(3) != 0) item.price = static_cast<double>(random.below(10));
  item.available = random.below(3) != 0;
  if (random.below(2) == 0) item.time = random_time(random);
  for (const char* attribute : kNames) {
    if (std::string(attribute) != "nobody" && random.below(2) == 0)
      item.attributes.push_back({attribute, random_value(random)});
  }
  if (random.below(3) == 0) item.relations.push_back({"brand", {"apple", pick(random, kTexts)}});
  if (random.below(3) == 0) item.relations.push_back({"maker", {pick(random, kTexts)}});
  return item;
}

/// What an item says under a name, as plain values.
struct Values {
  bool there = false;
  std::vector<std::string> texts;
  std::vector<double> numbers;
  std::vector<Timestamp> times;
  std::vector<bool> booleans;
  bool other = false;  ///< something that is not compared

  void add(const AttributeValue& value) {
    there = true;
    if (const auto* text = std::get_if<std::string>(&value)) texts.push_back(*text);
    if (const auto* number = std::get_if<double>(&value)) numbers.push_back(*number);
    if (const auto* boolean = std::get_if<bool>(&value)) booleans.push_back(*boolean);
    if (const auto* time = std::get_if<Timestamp>(&value)) times.push_back(*time);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) texts = *list;
    other = std::holds_alternative<JsonText>(value);
  }
};

Values values_of(const Item& item, const std::string& name) {
  Values values;
  if (name == "item") {
    values.add(item.item);
  } else if (name == "category") {
    if (!item.categories.empty()) values.add(item.categories);
  } else if (name == "price") {
    if (item.price) values.add(*item.price);
  } else if (name == "available") {
    values.add(item.available);
  } else if (name == "ts") {
    if (to_ms(item.time) != 0) values.add(item.time);
  } else if (name == "title") {
    if (!item.title.empty()) values.add(item.title);
  } else if (name == "text") {
    if (!item.text.empty()) values.add(item.text);
  } else {
    for (const auto& attribute : item.attributes) {
      if (attribute.name == name) values.add(attribute.value);
    }
    for (const auto& relation : item.relations) {
      if (relation.name != name) continue;
      values.there = true;
      values.texts.insert(values.texts.end(), relation.targets.begin(), relation.targets.end());
    }
  }
  return values;
}

std::vector<std::string> levels(const std::string& category) {
  std::vector<std::string> levels(1);
  for (const char c : lower(category)) {
    if (c == '/' || c == '.' || c == '>')
      levels.emplace_back();
    else if (c != ' ')
      levels.back() += c;
  }
  return levels;
}

/// A random filter that can be written and evaluated.
struct Expression {
  std::string op;  ///< and, or, not, or an operator of a comparison
  std::vector<Expression> parts;
  std::string name;
  std::vector<std::string> values;
  bool context = false;  ///< the value is the attribute `values[0]` of the context

  bool ordered() const { return op == "<" || op == "<=" || op == ">" || op == ">=" || op == "TO"; }
  bool is_text_search() const { return op.ends_with("CONTAINS") || op.ends_with("WITH"); }

  std::string written(Random& random) const {
    if (op == "not") return (random.below(2) == 0 ? "NOT (" : "not(") + parts[0].written(random) + ")";
    if (op == "and" || op == "or") {
      std::string text;
      for (const auto& part : parts)
        text += (text.empty() ? "(" : op == "and" ? " AND " : " or ") + part.written(random);
      return text + ")";
    }
    if (op == "TO") return name + " " + value(random, 0) + " TO " + value(random, 1);
    if (op.ends_with("IN")) {
      std::string text = name + " " + op + " [";
      for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ", ") + value(random, i);
      return text + "]";
    }
    return '"' + name + "\" " + op + (values.empty() ? "" : " " + value(random, 0));
  }

  std::string value(Random& random, std::size_t i) const {
    if (context) return "context." + values[i];
    const std::string& text = values[i];
    const bool plain = !text.empty() && text.find_first_of(" '") == std::string::npos;
    if (plain && random.below(2) == 0) return text;
    if (text.find('\'') == std::string::npos && random.below(2) == 0) return "'" + text + "'";
    return '"' + text + '"';
  }

  std::string json(Random& random) const {
    if (op == "not") return R"({"not":)" + parts[0].json(random) + "}";
    if (op == "and" || op == "or") {
      std::string text = R"({")" + op + R"(":[)";
      for (std::size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : ",") + parts[i].json(random);
      return text + "]}";
    }
    std::string text = R"({"attribute":")" + name + R"(","op":")" + op + '"';
    if (values.empty() && !op.ends_with("IN")) return text + "}";
    text += R"(,"value":)";
    if (context) return text + R"({"context":")" + values[0] + R"("}})";
    std::string list;
    for (const auto& one : values) {
      if (!list.empty()) list += ',';
      append_json_text(list, one);
    }
    return text + (op == "TO" || op.ends_with("IN") ? '[' + list + ']' : list) + "}";
  }

  bool holds(const Item& item, const Item* context_item) const {
    const auto part_holds = [&](const Expression& part) { return part.holds(item, context_item); };
    if (op == "not") return !part_holds(parts[0]);
    if (op == "and") return std::ranges::all_of(parts, part_holds);
    if (op == "or") return std::ranges::any_of(parts, part_holds);
    return compare(values_of(item, name), context_item);
  }

  bool compare(const Values& of_item, const Item* context_item) const {
    if (op == "EXISTS") return of_item.there;
    if (op == "NOT EXISTS") return !of_item.there;
    const bool absent_is_empty = name == "title" || name == "text" || name == "category";
    const bool blank = std::ranges::all_of(of_item.texts, &std::string::empty) && of_item.numbers.empty() &&
                       of_item.times.empty() && of_item.booleans.empty() && !of_item.other;
    const bool empty = absent_is_empty ? !of_item.there : of_item.there && blank;
    if (op == "IS EMPTY") return empty;
    if (op == "IS NOT EMPTY") return of_item.there && !empty;
    std::vector<std::string> wanted = values;
    if (context) {
      wanted = context_item ? as_texts(values_of(*context_item, values[0])) : std::vector<std::string>();
      if (wanted.empty() || (ordered() && (wanted.size() != 1 || !in_order(wanted[0])))) return false;
    }
    if (ordered()) return in_range(of_item, wanted);
    const bool any = std::ranges::any_of(
        wanted, [&](const std::string& one) { return is_text_search() ? found(of_item, one) : equal(of_item, one); });
    return any != (op == "!=" || op.starts_with("NOT"));
  }

  static std::vector<std::string> as_texts(const Values& values) {
    std::vector<std::string> texts = values.texts;
    for (const double number : values.numbers) texts.push_back(std::to_string(static_cast<int>(number)));
    for (const bool boolean : values.booleans) texts.emplace_back(boolean ? "true" : "false");
    for (const Timestamp time : values.times) texts.push_back(format_rfc3339(time));
    return texts;
  }

  static std::optional<double> number(const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
    return digits ? std::optional(std::stod(text)) : std::nullopt;
  }
  static bool in_order(const std::string& text) { return number(text) || parse_rfc3339(text); }

  template <typename T>
  bool within(const T& value, const T& low, const T& high) const {
    if (op == "TO") return low <= value && value <= high;
    if (op.starts_with('<')) return op == "<" ? value < low : value <= low;
    return op == ">" ? value > low : value >= low;
  }

  bool in_range(const Values& of_item, const std::vector<std::string>& bounds) const {
    if (const auto low = number(bounds.front())) {
      return std::ranges::any_of(of_item.numbers,
                                 [&](double value) { return within(value, *low, *number(bounds.back())); });
    }
    return std::ranges::any_of(of_item.times, [&](Timestamp value) {
      return within(value, *parse_rfc3339(bounds.front()), *parse_rfc3339(bounds.back()));
    });
  }

  bool equal(const Values& of_item, const std::string& one) const {
    if (name == "item") return of_item.texts[0] == one;
    for (const auto& text : of_item.texts) {
      if (name == "category") {
        const auto path = levels(text), above = levels(one);
        if (!one.empty() && path.size() >= above.size() && std::equal(above.begin(), above.end(), path.begin()))
          return true;
      } else if (lower(text) == lower(one)) {
        return true;
      }
    }
    const auto has = [](const auto& those, const auto& value) {
      return std::ranges::find(those, value) != those.end();
    };
    return (number(one) && has(of_item.numbers, *number(one))) ||
           (parse_rfc3339(one) && has(of_item.times, *parse_rfc3339(one))) ||
           ((one == "true" || one == "false") && has(of_item.booleans, one == "true"));
  }

  bool found(const Values& of_item, const std::string& needle) const {
    return std::ranges::any_of(of_item.texts, [&](const std::string& text) {
      const auto at = lower(text).find(lower(needle));
      return op.ends_with("WITH") ? at == 0 : at != std::string::npos;
    });
  }
};

Expression random_comparison(Random& random) {
  static const std::vector<std::string> kAny = {"=",      "!=",         "IN",       "NOT IN",
                                                "EXISTS", "NOT EXISTS", "IS EMPTY", "IS NOT EMPTY"};
  static const std::vector<std::string> kOrder = {"<", "<=", ">", ">=", "TO"};
  static const std::vector<std::string> kSearch = {"CONTAINS", "NOT CONTAINS", "STARTS WITH", "NOT STARTS WITH"};
  const auto one_of = [&](const std::vector<std::string>& from) { return from[random.below(from.size())]; };
  Expression result;
  std::vector<std::string> of_type;  // values that the built-in attribute can be compared with
  switch (random.below(8)) {
    case 0:
      result.name = random.below(2) == 0 ? "title" : "text";
      result.op = random.below(4) == 0 ? one_of({"EXISTS", "NOT EXISTS", "IS EMPTY", "IS NOT EMPTY"}) : one_of(kSearch);
      break;
    case 1:
      result.name = "item";
      result.op = random.below(3) == 0 ? one_of(kSearch) : one_of(kAny);
      of_type = {"i1", "i2", "I3", "i40", "i"};
      break;
    case 2:
      result.name = "category";
      result.op = one_of(kAny);
      of_type = {"a", "A/B", "a > b > c", "d", "b", "D.E", "x"};
      break;
    case 3:
      result.name = "price";
      result.op = random.below(2) == 0 ? one_of(kOrder) : one_of(kAny);
      of_type = {"0", "3", "5.5", "7"};
      break;
    case 4:
      result.name = "available";
      result.op = one_of(kAny);
      of_type = {"true", "false"};
      break;
    case 5:
      result.name = "ts";
      result.op = random.below(2) == 0 ? one_of(kOrder) : one_of(kAny);
      of_type = {"2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"};
      break;
    default:
      result.name = random.below(8) == 0 ? "maker" : pick(random, kNames);
      result.op = random.below(3) == 0 ? one_of(kOrder) : random.below(3) == 0 ? one_of(kSearch) : one_of(kAny);
      if (result.ordered()) {
        of_type = random.below(3) == 0 ? std::vector<std::string>{"2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"}
                                       : std::vector<std::string>{"2", "5", "8"};
      }
  }
  if (result.op.ends_with("EXISTS") || result.op.ends_with("EMPTY")) return result;
  const bool list = result.op.ends_with("IN");
  const std::size_t count = list ? random.below(4) : result.op == "TO" ? 2 : 1;
  for (std::size_t i = 0; i < count; ++i) {
    result.values.push_back(of_type.empty() ? pick(random, kTexts) : one_of(of_type));
  }
  if (!list && !result.is_text_search() && result.op != "TO" && random.below(4) == 0) {
    static const std::vector<std::string> kOfContext = {"price", "brand", "tags",      "category",
                                                        "item",  "ts",    "available", "size"};
    result.context = true;
    result.values = {one_of(kOfContext)};
  }
  return result;
}

Expression random_expression(Random& random, int depth) {
  const auto choice = depth == 0 ? 9 : random.below(10);
  if (choice >= 6) return random_comparison(random);
  Expression result;
  result.op = choice == 0 ? "not" : choice < 4 ? "and" : "or";
  for (std::uint64_t n = result.op == "not" ? 1 : 1 + random.below(3); n > 0; --n) {
    result.parts.push_back(random_expression(random, depth - 1));
  }
  return result;
}

/// A category as the context's value of another attribute is only its text, which the plain evaluator does not know.
bool is_comparable(const Expression& e) {
  const bool crosses = e.context && (e.name == "category") != (e.values[0] == "category");
  return !crosses && std::ranges::all_of(e.parts, is_comparable);
}

void check(const testing::ItemColumns& items, const Expression& expression, const std::string& text,
           const Item* context) {
  const auto bound = items.bind(text, {.item = context});
  ASSERT_TRUE(bound) << text << ": " << bound.error().message;
  std::set<CatalogueRow> matching, enumerated;
  for (const auto& [name, row] : items.rows()) {
    const bool expected = expression.holds(items.at(row), context);
    ASSERT_EQ(bound->matches(row), expected) << text << " on " << name;
    if (expected) matching.insert(row);
  }
  bound->enumerate(BoundFilter::kAll, [&](CatalogueRow row) {
    ASSERT_TRUE(enumerated.insert(row).second) << text << " gave row " << row << " twice";
  });
  ASSERT_EQ(enumerated, matching) << text;
  const auto candidates = bound->candidates();
  ASSERT_TRUE(std::ranges::is_sorted(candidates)) << text;
  ASSERT_TRUE(std::ranges::includes(candidates, matching)) << text;
  ASSERT_GE(bound->estimate(), matching.size()) << text;
  std::size_t visited = 0;
  const std::size_t some = matching.size() / 2;
  ASSERT_EQ(bound->enumerate(some, [&](CatalogueRow) { ++visited; }), some);
  ASSERT_EQ(visited, some);
}

TEST(FilterProperty, AgreesWithReadingTheItems) {
  Random random(testing::test_seed(20));
  testing::ItemColumns items;
  for (int step = 0; step < 3000; ++step) {
    for (int change = 0; change < 3; ++change) {
      const std::string name = "i" + std::to_string(random.below(60));
      if (random.below(3) == 0) {
        items.remove(name);
      } else {
        items.put(random_item(random, name));
      }
    }
    const Expression expression = random_expression(random, 4);
    if (!is_comparable(expression)) continue;
    const Item about = random_item(random, "i" + std::to_string(random.below(60)));
    const Item* context = random.below(4) == 0 ? nullptr : &about;
    check(items, expression, expression.written(random), context);
    check(items, expression, expression.json(random), context);
    if (HasFatalFailure()) return;
  }
}

TEST(FilterProperty, AFilterThatIsBoundAgainIsAsIfItWereNew) {
  Random random(testing::test_seed(22));
  testing::ItemColumns items;
  for (int round = 0; round < 300; ++round) {
    const Expression expression = random_expression(random, 3);
    if (!is_comparable(expression)) continue;
    const std::string text = expression.written(random);
    auto bound = items.bind(text, {.most_at_once = random.below(2) == 0 ? 20 : FilterWork::kUnlimited});
    ASSERT_TRUE(bound) << text;
    for (int step = 0; step < 10 || !bound->is_complete(); ++step) {
      std::vector<CatalogueRow> changed;
      for (int change = 0; change < 3; ++change) {
        const std::string name = "i" + std::to_string(random.below(60));
        const auto row = items.find(name);
        if (row) changed.push_back(*row);
        if (row && random.below(3) == 0) {
          items.remove(name);
        } else {
          changed.push_back(items.put(random_item(random, name)));
        }
      }
      (void)bound->bind_again(random.below(10) == 0 ? std::nullopt : std::optional(changed));
      for (const auto& [name, row] : items.rows()) {
        if (!bound->is_complete()) break;
        ASSERT_EQ(bound->matches(row), expression.holds(items.at(row), nullptr)) << text << " on " << name;
      }
    }
  }
}

TEST(FilterProperty, ManyRowsBecomeBitmaps) {
  Random random(testing::test_seed(21));
  testing::ItemColumns items;
  for (int i = 0; i < 3000; ++i) items.put(random_item(random, "i" + std::to_string(i)));
  for (int step = 0; step < 150; ++step) {
    for (int change = 0; change < 50; ++change) {
      const std::string name = "i" + std::to_string(random.below(3000));
      if (random.below(2) == 0) {
        items.remove(name);
      } else {
        items.put(random_item(random, name));
      }
    }
    const Expression expression = random_expression(random, 3);
    if (is_comparable(expression)) check(items, expression, expression.written(random), nullptr);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace freshet::store
