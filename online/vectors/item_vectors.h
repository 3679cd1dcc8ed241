// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "online/containers/recent_items.h"
#include "online/vectors/embedding_table.h"
#include "online/vectors/row_adagrad.h"
#include "online/vectors/user_vectors.h"

namespace freshet::online {

/// Item vectors of a part that learns user vectors too (matrix factorization, neural_cf): the rows, their Adagrad
/// accumulators, and the distribution that negatives are sampled from.
/// Threads:  learner thread only; table().publish() gives requests what they read.
class ItemVectors {
 public:
  ItemVectors(std::size_t dimension, double learning_rate, std::size_t max_rows, std::size_t max_items,
              std::size_t admission_count, std::size_t exact_rows);

  EmbeddingTable& table() { return table_; }
  const EmbeddingTable& table() const { return table_; }
  const EmbeddingView& live() const { return table_.live(); }
  std::uint32_t row_of(ItemIndex item) const { return table_.row_of(item); }
  std::span<const float> vector(std::uint32_t row) const { return {live().vector(row), live().dimension}; }

  /// What observe() has found or made.
  struct FoldedIn {
    std::uint32_t row = kNoRow;  ///< kNoRow: the item is not admitted yet; the other fields are not set
    UserVectors::Slot user = UserSlots::kNone;
    bool is_new_item = false, is_new_user = false;
  };
  /// Counts the event and folds in what is new: a new item's vector starts near the user's, a new user's vector starts
  /// as the item's. Both can be ranked at once; later events correct them.
  FoldedIn observe(const Interaction& event, UserVectors& users, Random& random);

  /// Draws the row of a negative: mostly by the item's recent popularity, else uniformly from all rows. kNoRow if the
  /// item drawn has no row, or the row drawn has no item.
  /// REQUIRES: some item has a row
  std::uint32_t draw_negative(Random& random) const;

  /// One Adagrad step of the row's vector and bias.
  void step(std::uint32_t row, std::span<const float> gradient, float bias_gradient) {
    adagrad_.step(table_, row, gradient, bias_gradient);
  }

  void forget(ItemIndex item);
  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  const std::size_t max_items_;
  EmbeddingTable table_;
  RowAdagrad adagrad_;
  RecentItems recent_;
};

}  // namespace freshet::online
