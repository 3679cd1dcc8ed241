// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/shared_value.h"

namespace freshet {

/// JSON that has none of the types that filters and content know: kept as it was sent, and only given back.
struct JsonText {
  std::string text;

  bool operator==(const JsonText&) const = default;
};

/// The value of an attribute. A list holds texts; a number in it is its decimal text. A text that is an RFC 3339 time is
/// a time. An integer that a double does not hold is JsonText. std::monostate: no value; only a patch has it, to remove
/// the attribute.
using AttributeValue =
    std::variant<std::monostate, std::string, double, bool, std::vector<std::string>, Timestamp, JsonText>;

struct Attribute {
  std::string name;
  AttributeValue value;

  bool operator==(const Attribute&) const = default;
};

/// A vector that the shop made of the item, of an image for example.
struct ItemVector {
  std::string name;
  std::vector<float> values;  ///< finite; empty only in a patch, to remove it

  bool operator==(const ItemVector&) const = default;
};

/// Other items or things that the item is related to in one way: {"brand": ["apple"]}, {"accessory_of": ["i1", "i2"]}.
struct ItemRelation {
  std::string name;
  std::vector<std::string> targets;  ///< distinct; empty only in a patch, to remove it

  bool operator==(const ItemRelation&) const = default;
};

/// One catalogue entry (docs/catalogue.md). All texts are valid UTF-8; attributes, vectors and relations are sorted by
/// name, and each name is there once.
struct Item {
  std::string item;
  std::string title;
  std::string text;
  std::vector<std::string> categories;  ///< each a path, its levels separated by " > ", "/" or "."
  std::optional<double> price;
  bool available = true;  ///< false: never recommended, but its events are learned
  Timestamp time{};       ///< time of publication; the epoch if unknown
  std::vector<Attribute> attributes;
  std::vector<ItemVector> vectors;
  std::vector<ItemRelation> relations;

  bool operator==(const Item&) const = default;
};

/// Fields of an Item that a patch can set, as bits of ItemChange::fields. Of attributes, vectors and relations a patch
/// sets single ones by name; their bit means that all earlier ones are removed first.
enum class ItemField : std::uint16_t {
  title = 1,
  text = 2,
  categories = 4,
  price = 8,
  available = 16,
  time = 32,
  attributes = 64,
  vectors = 128,
  relations = 256,
};

/// What an item record of the log says ("$item", docs/catalogue.md).
struct ItemChange {
  enum class Kind : unsigned char {
    put,     ///< the whole entry
    patch,   ///< some of its fields; without effect if there is no such item
    remove,  ///< out of the catalogue, and out of every list
  };
  Kind kind = Kind::put;
  Item item;                 ///< of a patch: what it sets; of a removal: only the name
  std::uint16_t fields = 0;  ///< of a patch: the ItemFields that it sets

  bool sets(ItemField field) const { return (fields & static_cast<std::uint16_t>(field)) != 0; }
  void set(ItemField field) { fields |= static_cast<std::uint16_t>(field); }

  bool operator==(const ItemChange&) const = default;
};

using SharedItemChange = SharedValue<ItemChange>;

/// `item` as `patch` leaves it. REQUIRES: patch.kind is patch, and names this item
void apply(const ItemChange& patch, Item& item);

inline constexpr std::size_t kMaxTitleBytes = 4 << 10;
inline constexpr std::size_t kMaxItemTextBytes = 64 << 10;
inline constexpr std::size_t kMaxCategories = 64;
inline constexpr std::size_t kMaxCategoryBytes = 512;
inline constexpr std::size_t kMaxAttributes = 128;
inline constexpr std::size_t kMaxAttributeNameBytes = 128;
inline constexpr std::size_t kMaxAttributeBytes = 8 << 10;  ///< a text, or all texts of a list
inline constexpr std::size_t kMaxRelationTargets = 256;

}  // namespace freshet
