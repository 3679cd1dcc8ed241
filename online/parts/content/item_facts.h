// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/item.h"

namespace freshet::online {

/// Kinds of tokens. `stem`: the beginning of the item's own name; `cross`: another token together with the category.
enum class TokenKind : std::uint8_t {
  word,
  gram,
  text_word,
  category,
  attribute,
  relation,
  related,
  stem,
  cross,
  price,
};
inline constexpr std::size_t kTokenKinds = 10;

/// A feature of an item as the encoder reads it: a hashed word, n-gram, category level, price range, or a combination of
/// two of them.
struct Token {
  std::uint32_t hash = 0;
  TokenKind kind{};
  float share = 1;  ///< of the weight of its kind: how near a price is to the middle of its range
};

/// What the content part keeps of a catalogue entry: hashes instead of texts, by field, so that a patch can replace some
/// of them.
/// Cost: 8 bytes per word, n-gram, category level and attribute; bounded by the k* constants.
class ItemFacts {
 public:
  static constexpr std::size_t kMaxTitleWords = 48, kMaxTextWords = 160, kMaxLevels = 64, kMaxNamed = 128;

  /// Takes over a put or a patch. Vectors of the shop are kept as random projections to `dimension` numbers, which
  /// preserve their cosines (Johnson and Lindenstrauss). `ngrams`: also keep the character n-grams of the title's words.
  void apply(const ItemChange& change, std::size_t dimension, bool ngrams = false);

  /// All tokens, in an order that depends on the facts only.
  void tokens(std::vector<Token>& out) const;

  /// Tokens of the title's words, each once, in the order of the title.
  void title_words(std::vector<std::uint32_t>& out) const { collect(TokenKind::word, out); }
  /// Hashes of all category levels, and of the items and things that it is related to.
  void categories(std::vector<std::uint32_t>& out) const { collect(TokenKind::category, out); }
  void relations(std::vector<std::uint32_t>& out) const { collect(TokenKind::related, out); }
  /// Hash of the item's own name, as relations of other items have it; 0 before apply().
  std::uint32_t self() const { return self_; }
  std::optional<float> log2_price() const { return log2_price_; }
  Timestamp time() const { return time_; }

  struct Vector {
    std::uint32_t name = 0;
    std::vector<float> values;  ///< the projection of a vector of unit length

    bool operator==(const Vector&) const = default;
  };
  std::span<const Vector> vectors() const { return vectors_; }

  bool operator==(const ItemFacts&) const = default;

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state with vectors of this dimension.
  bool load(ByteReader& in, std::size_t dimension);
  std::size_t memory_bytes() const;

 private:
  using Kind = TokenKind;

  struct Fact {
    std::uint32_t token = 0;
    std::uint32_t tag = 0;  // kind, and the hash of the attribute's or relation's name: tag()

    bool operator==(const Fact&) const = default;
  };

  static std::uint32_t tag(Kind kind, std::uint32_t name) { return name << 4 | static_cast<std::uint32_t>(kind); }
  static Kind kind_of(const Fact& fact) { return static_cast<Kind>(fact.tag & 15); }

  void add(Kind kind, std::uint32_t token, std::uint32_t name = 0);
  void drop(Kind kind);
  void drop(Kind kind, std::uint32_t name);
  bool has_room(Kind kind) const;
  void add_stems(std::string_view name);
  void add_words(Kind kind, std::string_view text, std::size_t most);
  void add_ngrams(std::string_view title);
  void add_categories(const std::vector<std::string>& paths);
  void add_attribute(const Attribute& attribute);
  void add_relation(const ItemRelation& relation);
  void set_vector(const ItemVector& vector, std::size_t dimension);
  void collect(Kind kind, std::vector<std::uint32_t>& out) const;

  std::vector<Fact> facts_;
  std::vector<Vector> vectors_;
  std::uint32_t self_ = 0;
  std::uint32_t leaf_ = 0;  // the deepest level of the last category; 0: none
  std::optional<float> log2_price_;
  Timestamp time_{};
};

}  // namespace freshet::online
