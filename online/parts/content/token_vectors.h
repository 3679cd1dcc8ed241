// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/kernels/simd.h"
#include "online/parts/content/item_facts.h"
#include "online/parts/content/row_gradients.h"

namespace freshet::online {

/// A vector for each token. A token weighs log(1 + items / items with it) (1 - 1 / items with it) in the sum that an item
/// is, nearly as in TF-IDF; one that no other item has weighs nothing, since it makes the item similar to none. That is
/// multiplied by the weight of its kind, which is learned: in one shop names tell families of items, in another they are
/// random. Vectors begin at random, nearly orthogonal, so that the cosine of two items begins as that of their words (TF-IDF), and
/// training brings together the words that people click together.
/// Hashed into at most `max_tokens` rows, which stay when their items go: what they have learned holds for the next.
/// Threads: one.
class TokenVectors {
 public:
  TokenVectors(std::size_t dimension, std::size_t max_tokens, double learning_rate, std::uint64_t seed);

  /// Counts the tokens of an item that comes, or goes.
  void add(const ItemFacts& facts);
  void remove(const ItemFacts& facts);

  /// A token's row and its weight in the sum.
  struct Part {
    std::uint32_t row;
    float weight;
    float of_kind;  ///< weight without that of its kind
    TokenKind kind;
  };
  /// Those that the item's vector is made of.
  /// REQUIRES: add(facts)
  void parts(const ItemFacts& facts, std::vector<Part>& out);

  std::uint32_t row_of(std::uint32_t hash);
  /// Weight of the row's token before that of its kind; 0 if fewer than two items have it.
  float rarity(std::uint32_t row) const { return rarities_[row]; }
  /// Until the next row_of().
  const float* vector(std::uint32_t row) const { return &vectors_[row * dimension_]; }
  /// Adds `factor` times `vector` to the gradient of the row's vector.
  void add_gradient(std::uint32_t row, const float* vector, float factor) { gradients_.add(row, vector, factor); }
  /// Adds to the gradients of the part's vector and of the weight of its kind, given that of the sum that it is part of.
  void add_gradient(const Part& part, const float* of_sum);
  /// One Adagrad step for every token that has a gradient; one rate per token. And one for the weights of the kinds.
  void step();

  float weight_of(TokenKind kind) const { return kind_weights_[static_cast<std::size_t>(kind)]; }

  std::size_t rows() const { return counts_.size(); }

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  void count(std::uint32_t row, std::uint32_t items);
  void set_items(std::uint64_t items);
  float rarity_of(std::uint32_t items) const;

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
  std::array<float, kTokenKinds> kind_weights_, kind_squares_;

  RowGradients gradients_;  // for step()
  std::array<float, kTokenKinds> kind_gradients_{};
  std::vector<Token> tokens_;  // buffer
};

}  // namespace freshet::online
