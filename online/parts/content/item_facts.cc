// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/item_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/random.h"
#include "base/saved_time.h"

namespace freshet::online {
namespace {

constexpr std::array<float, 2> kPriceSteps{0.5F, 1.5F};  // width of the price ranges, in powers of two
constexpr std::size_t kGram = 4;
constexpr std::size_t kStems = 3;  // of an item's own name: without its last character, its last two …
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxCrosses = 8;

std::uint32_t hash_of(std::string_view text, std::uint64_t salt) {
  return static_cast<std::uint32_t>(stable_hash(text, salt));
}

std::uint32_t hash_of(std::uint64_t a, std::uint64_t b) { return static_cast<std::uint32_t>(mix64(a << 32 | b)); }

std::uint32_t name_hash(std::string_view name) { return hash_of(name, 0) & 0xFFFFFFF; }

// Salts of hashes; part of the saved state.
enum Salt : std::uint64_t { kWord = 1, kGramSalt, kCategory, kAttribute, kRelation, kItem, kPrice, kStem };

bool is_letter(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

/// Calls visit(word) for the words of the text, in lower case as far as ASCII goes, until it returns false.
template <typename Visit>
void for_each_word(std::string_view text, Visit visit) {
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(' ');
    if (is_letter(c)) {
      if (word.size() < kMaxWordBytes) word.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
    } else if (!word.empty()) {
      if (!visit(word)) return;
      word.clear();
    }
  }
}

/// Ends of the levels of a category path.
std::vector<std::size_t> level_ends(std::string_view path) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (path[i] == '/' || path[i] == '.') ends.push_back(i);
    if (path.substr(i).starts_with(" > ")) ends.push_back(i);
  }
  ends.push_back(path.size());
  return ends;
}

/// The two ranges of each width between whose middles the price lies, and how near it is to each.
template <typename Visit>
void for_each_price_range(float log2_price, Visit visit) {
  for (std::size_t step = 0; step < kPriceSteps.size(); ++step) {
    const float place = log2_price / kPriceSteps[step];
    const float below = std::floor(place);
    const float near = place - below;
    const auto range = static_cast<std::int64_t>(below);
    const auto hash_of_range = [&](std::int64_t n) {
      return hash_of(kPrice + (step << 8), static_cast<std::uint32_t>(n));
    };
    visit(hash_of_range(range), 1 - near);
    visit(hash_of_range(range + 1), near);
  }
}

}  // namespace

void ItemFacts::add(Kind kind, std::uint32_t token, std::uint32_t name) {
  const auto same = [&](const Fact& fact) { return fact.token == token && kind_of(fact) == kind; };
  if (std::ranges::none_of(facts_, same)) facts_.push_back({token, tag(kind, name)});
}

void ItemFacts::drop(Kind kind) {
  std::erase_if(facts_, [&](const Fact& fact) { return kind_of(fact) == kind; });
}

void ItemFacts::drop(Kind kind, std::uint32_t name) {
  std::erase_if(facts_, [&](const Fact& fact) { return fact.tag == tag(kind, name); });
}

/// True if facts of one more attribute or relation may be added. Those of one name are next to each other.
bool ItemFacts::has_room(Kind kind) const {
  std::size_t names = 0;
  std::uint32_t last = 0;
  for (const Fact& fact : facts_) {
    if (kind_of(fact) != kind || (names > 0 && fact.tag == last)) continue;
    ++names;
    last = fact.tag;
  }
  return names < kMaxAttributes;
}

/// Names that begin alike were often given to items of one family, or at one time.
void ItemFacts::add_stems(std::string_view name) {
  for (std::size_t cut = 1; cut <= kStems && cut < name.size(); ++cut) {
    add(Kind::stem, hash_of(name.substr(0, name.size() - cut), kStem));
  }
}

void ItemFacts::add_words(Kind kind, std::string_view text, std::size_t most) {
  std::size_t words = 0;
  for_each_word(text, [&](const std::string& word) {
    add(kind, hash_of(word, kWord));
    return ++words < most;
  });
}

void ItemFacts::add_ngrams(std::string_view title) {
  std::size_t words = 0;
  for_each_word(title, [&](const std::string& word) {
    const std::string framed = "^" + word + "$";
    for (std::size_t i = 0; i + kGram <= framed.size(); ++i) {
      add(Kind::gram, hash_of(std::string_view(framed).substr(i, kGram), kGramSalt));
    }
    return ++words < kMaxTitleWords;
  });
}

void ItemFacts::add_categories(const std::vector<std::string>& paths) {
  std::size_t levels = 0;
  for (const std::string& path : paths) {
    for (const std::size_t end : level_ends(path)) {
      if (++levels > kMaxLevels) return;
      leaf_ = hash_of(std::string_view(path).substr(0, end), kCategory);
      add(Kind::category, leaf_);
    }
  }
}

void ItemFacts::add_attribute(const Attribute& attribute) {
  const std::uint32_t name = name_hash(attribute.name);
  drop(Kind::attribute, name);
  if (!has_room(Kind::attribute)) return;
  std::size_t values = 0;
  const auto add_value = [&](std::string_view value) {
    if (++values <= kMaxNamed) add(Kind::attribute, hash_of(value, kAttribute + (std::uint64_t{name} << 8)), name);
  };
  if (const auto* text = std::get_if<std::string>(&attribute.value)) add_value(*text);
  if (const auto* yes = std::get_if<bool>(&attribute.value)) add_value(*yes ? "true" : "false");
  if (const auto* number = std::get_if<double>(&attribute.value)) add_value(std::to_string(*number));
  if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute.value)) {
    for (const std::string& text : *texts) add_value(text);
  }
}

void ItemFacts::add_relation(const ItemRelation& relation) {
  const std::uint32_t name = name_hash(relation.name);
  drop(Kind::relation, name);
  drop(Kind::related, name);
  if (!has_room(Kind::relation)) return;
  std::size_t targets = 0;
  for (const std::string& target : relation.targets) {
    if (++targets > kMaxNamed) return;
    add(Kind::relation, hash_of(target, kRelation + (std::uint64_t{name} << 8)), name);
    add(Kind::related, hash_of(target, kItem), name);
  }
}

void ItemFacts::set_vector(const ItemVector& vector, std::size_t dimension) {
  const std::uint32_t name = name_hash(vector.name);
  std::erase_if(vectors_, [&](const Vector& known) { return known.name == name; });
  double squares = 0;
  for (const float value : vector.values) squares += static_cast<double>(value) * static_cast<double>(value);
  if (!(squares > 0) || !std::isfinite(squares)) return;
  Vector projection{name, std::vector<float>(dimension)};
  const double scale = 1 / std::sqrt(squares * static_cast<double>(dimension));
  for (std::size_t from = 0; from < vector.values.size(); ++from) {
    const auto value = static_cast<float>(static_cast<double>(vector.values[from]) * scale);
    Random random(mix64(name) + from);
    for (std::size_t to = 0; to < dimension; to += 64) {
      const std::uint64_t signs = random.next();
      for (std::size_t bit = 0; bit < 64 && to + bit < dimension; ++bit) {
        projection.values[to + bit] += (signs >> bit & 1) != 0 ? value : -value;
      }
    }
  }
  vectors_.push_back(std::move(projection));
}

void ItemFacts::apply(const ItemChange& change, std::size_t dimension, bool ngrams) {
  const Item& item = change.item;
  const bool whole = change.kind == ItemChange::Kind::put;
  if (whole) *this = {};
  const auto sets = [&](ItemField field) { return whole || change.sets(field); };
  if (self_ == 0) {
    self_ = std::max(1U, hash_of(item.item, kItem));
    add_stems(item.item);
  }
  if (sets(ItemField::title)) {
    drop(Kind::word);
    drop(Kind::gram);
    add_words(Kind::word, item.title, kMaxTitleWords);
    if (ngrams) add_ngrams(item.title);
  }
  if (sets(ItemField::text)) {
    drop(Kind::text_word);
    add_words(Kind::text_word, item.text, kMaxTextWords);
  }
  if (sets(ItemField::categories)) {
    drop(Kind::category);
    leaf_ = 0;
    add_categories(item.categories);
  }
  if (sets(ItemField::price)) {
    const bool usable = item.price && std::isfinite(*item.price) && *item.price > 0;
    log2_price_ = usable ? std::optional(static_cast<float>(std::log2(*item.price))) : std::nullopt;
  }
  if (sets(ItemField::time)) time_ = item.time;
  if (sets(ItemField::attributes)) drop(Kind::attribute);
  if (sets(ItemField::relations)) {
    drop(Kind::relation);
    drop(Kind::related);
  }
  if (sets(ItemField::vectors)) vectors_.clear();
  for (const Attribute& attribute : item.attributes) add_attribute(attribute);
  for (const ItemRelation& relation : item.relations) add_relation(relation);
  for (const ItemVector& vector : item.vectors) set_vector(vector, dimension);
  facts_.shrink_to_fit();
}

void ItemFacts::tokens(std::vector<Token>& out) const {
  out.clear();
  std::size_t crosses = 0;
  for (const Fact& fact : facts_) {
    out.push_back({fact.token, kind_of(fact)});
    const bool named = kind_of(fact) == Kind::attribute || kind_of(fact) == Kind::relation;
    if (named && leaf_ != 0 && ++crosses <= kMaxCrosses) out.push_back({hash_of(leaf_, fact.token), Kind::cross});
  }
  out.push_back({self_, Kind::related});
  if (!log2_price_) return;
  for_each_price_range(*log2_price_, [&](std::uint32_t range, float near) {
    out.push_back({range, Kind::price, near});
    if (leaf_ != 0) out.push_back({hash_of(leaf_, range), Kind::cross, near});
  });
}

void ItemFacts::collect(Kind kind, std::vector<std::uint32_t>& out) const {
  out.clear();
  for (const Fact& fact : facts_) {
    if (kind_of(fact) == kind) out.push_back(fact.token);
  }
}

void ItemFacts::save(ByteWriter& out) const {
  out.varint(facts_.size());
  for (const Fact& fact : facts_) {
    out.fixed(fact.token);
    out.fixed(fact.tag);
  }
  out.varint(vectors_.size());
  for (const Vector& vector : vectors_) {
    out.fixed(vector.name);
    out.array(std::span<const float>(vector.values));
  }
  out.fixed(self_);
  out.fixed(leaf_);
  out.fixed(log2_price_.has_value());
  out.fixed(log2_price_.value_or(0.0F));
  out.fixed(to_ms(time_));
}

bool ItemFacts::load(ByteReader& in, std::size_t dimension) {
  const std::uint64_t facts = in.varint();
  if (!in.ok() || facts > in.remaining()) return false;
  for (std::uint64_t i = 0; i < facts; ++i) {
    Fact fact;
    fact.token = in.fixed<std::uint32_t>();
    fact.tag = in.fixed<std::uint32_t>();
    if (!in.ok() || (fact.tag & 15) > static_cast<std::uint32_t>(Kind::stem)) return false;
    facts_.push_back(fact);
  }
  const std::uint64_t vectors = in.varint();
  if (!in.ok() || vectors > in.remaining()) return false;
  for (std::uint64_t i = 0; i < vectors; ++i) {
    Vector vector{in.fixed<std::uint32_t>(), in.array<float>()};
    const auto is_usable = [](float x) { return std::isfinite(x); };
    if (!in.ok() || vector.values.size() != dimension || !std::ranges::all_of(vector.values, is_usable)) return false;
    vectors_.push_back(std::move(vector));
  }
  self_ = in.fixed<std::uint32_t>();
  leaf_ = in.fixed<std::uint32_t>();
  const bool priced = in.fixed<std::uint8_t>() != 0;
  const auto log2_price = in.fixed<float>();
  if (priced && !(std::abs(log2_price) <= 1100)) return false;
  if (priced) log2_price_ = log2_price;
  time_ = timestamp_from_ms(read_time_ms(in));
  return in.ok();
}

std::size_t ItemFacts::memory_bytes() const {
  std::size_t bytes = facts_.capacity() * sizeof(Fact) + vectors_.capacity() * sizeof(Vector);
  for (const Vector& vector : vectors_) bytes += vector.values.capacity() * sizeof(float);
  return bytes;
}

}  // namespace freshet::online
