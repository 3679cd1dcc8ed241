#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/kernels/simd.h"
#include "online/parts/content/item_facts.h"
#include "online/parts/content/row_gradients.h"

namespace freshet::online {

/// What the encoder makes of an item.
struct EncodedItem {
  AlignedVector<float> vector;  ///< of unit length, or zero if nothing is known about the item
  float length = 0;             ///< before it was scaled to unit length
};

/// An embedding bag: the vector of an item is the weighted sum of its tokens' vectors, scaled to unit length. A token
/// weighs log(1 + items / items with it) (1 - 1 / items with it), nearly as in TF-IDF; one that no other item has weighs
/// nothing, since it makes the item similar to none. Vectors begin at random, nearly orthogonal, so that the cosine of two
/// items begins as that of their words (TF-IDF), and training brings together the words that people click together.
/// Hashed into at most `max_tokens` rows, which stay when their items go: what they have learned holds for the next.
/// Threads: one.
class TokenVectors {
 public:
  TokenVectors(std::size_t dimension, std::size_t max_tokens, double learning_rate, std::uint64_t seed);

  /// Counts the tokens of an item that comes, or goes.
  void add(const ItemFacts& facts);
  void remove(const ItemFacts& facts);

  /// REQUIRES: add(facts)
  /// Cost: `dimension` multiply-adds per token.
  void encode(const ItemFacts& facts, EncodedItem& item);

  /// Adds the gradient of an item's vector to those of its tokens. `vector`, `length`: what encode() made of it.
  /// REQUIRES: add(facts)
  void backward(const ItemFacts& facts, const float* vector, float length, std::span<const float> gradient);
  /// One Adagrad step for every token that has a gradient; one rate per token.
  void step();

  std::size_t rows() const { return counts_.size(); }

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  std::uint32_t row_of(std::uint32_t hash);
  void count(std::uint32_t row, std::uint32_t items);
  void set_items(std::uint64_t items);
  float rarity(std::uint32_t items) const;
  template <typename Visit>
  void for_each_part(const ItemFacts& facts, Visit visit);

  const std::size_t dimension_;
  const float rate_;
  const std::uint64_t seed_;
  std::uint64_t items_ = 0;
  std::uint64_t rated_items_ = 0;             // that rarities_ are made for: items_, to about a tenth
  std::vector<std::uint32_t> row_of_bucket_;  // row + 1; 0: none. Empty until the first token
  std::size_t buckets_;
  std::vector<std::uint32_t> buckets_of_rows_;  // [row]
  std::vector<std::uint32_t> counts_;           // [row]: number of items
  std::vector<float> rarities_;                 // [row]
  std::vector<float> squares_;                  // [row]: Adagrad
  AlignedVector<float> vectors_;                // [row][dimension]

  // of backward() and step()
  RowGradients gradients_;
  std::vector<Token> tokens_;    // buffer
  AlignedVector<float> before_;  // buffer: gradient before the scaling
};

}  // namespace freshet::online
