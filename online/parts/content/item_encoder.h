// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "online/kernels/simd.h"
#include "online/parts/content/item_facts.h"
#include "online/parts/content/text_cnn.h"
#include "online/parts/content/token_vectors.h"

namespace freshet::online {

/// What makes vectors of items, beside the shop's own vectors.
enum class EncoderKind : std::uint8_t {
  bag,          ///< the weighted sum of its tokens' vectors
  cnn,          ///< and TextCnn over the words of its title
  autoencoder,  ///< the sum, whose vectors also learn to tell the tokens that an item has from some of them
};

/// What the encoder makes of an item.
struct EncodedItem {
  AlignedVector<float> vector;  ///< of unit length, or zero if nothing is known about the item
  float length = 0;             ///< before it was scaled to unit length
};

/// From what the catalogue says of an item to its vector. Trained by gradients of that vector.
/// Threads: one.
class ItemEncoder {
 public:
  ItemEncoder(EncoderKind kind, std::size_t dimension, std::size_t max_tokens, double learning_rate,
              std::uint64_t seed);

  /// Counts the tokens of an item that comes, or goes.
  void add(const ItemFacts& facts) { tokens_.add(facts); }
  void remove(const ItemFacts& facts) { tokens_.remove(facts); }

  /// REQUIRES: add(facts)
  /// Cost: `dimension` multiply-adds per token; with `cnn` some 30 times that per word of the title.
  void encode(const ItemFacts& facts, EncodedItem& item);

  /// Takes the gradient of an item's vector. `vector`, `length`: what encode() made of it.
  /// REQUIRES: add(facts)
  void backward(const ItemFacts& facts, const float* vector, float length, std::span<const float> gradient);

  /// With `autoencoder`, takes the gradient of telling tokens of each item from tokens of the others by the rest of its
  /// tokens (Vincent et al., ICML 2008, with a sampled softmax for the decoder). Else nothing.
  /// REQUIRES: add() of all
  void reconstruct(std::span<const ItemFacts* const> items, Random& random);

  /// One step by the gradients that have been taken.
  void step();

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  void read_words(const ItemFacts& facts);
  void reconstruct_one(std::size_t item, Random& random);
  void backward_sum(std::span<const TokenVectors::Part> parts, const float* vector, float length,
                    std::span<const float> gradient);

  const EncoderKind kind_;
  const std::size_t dimension_;
  TokenVectors tokens_;
  std::optional<TextCnn> text_;

  // buffers
  std::vector<TokenVectors::Part> parts_;
  AlignedVector<float> d_sum_, d_vector_;
  std::vector<std::uint32_t> word_hashes_, word_rows_;
  std::vector<const float*> words_;
  TextCnn::Pooled pooled_;
  AlignedVector<float> d_words_;
  std::vector<std::vector<TokenVectors::Part>> items_;  // of reconstruct()
  std::vector<TokenVectors::Part> kept_, hidden_;
  std::vector<std::uint32_t> compared_;
  std::vector<float> odds_;
};

}  // namespace freshet::online
