// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/item_vectors.h"

#include <cmath>

namespace freshet::online {
namespace {

constexpr double kUniformShare = 0.3;  // of negatives drawn uniformly from all rows rather than by popularity
constexpr float kNewRowNoise = 0.1F;
constexpr float kUserShare = 0.7F;  // of the first user's vector in a new item's vector

}  // namespace

ItemVectors::ItemVectors(std::size_t dimension, double learning_rate, std::size_t max_rows, std::size_t max_items,
                         std::size_t admission_count, std::size_t exact_rows)
    : max_items_(max_items),
      table_(dimension, max_rows, max_items, admission_count, exact_rows),
      adagrad_(dimension, learning_rate) {}

ItemVectors::FoldedIn ItemVectors::observe(const Interaction& event, UserVectors& users, Random& random) {
  recent_.add(event.item);
  FoldedIn folded;
  folded.row = table_.observe(event.item, folded.is_new_item);
  if (folded.row == kNoRow) return folded;
  const auto [slot, is_new_user] = users.claim(who(event));
  folded.user = slot;
  folded.is_new_user = is_new_user;
  table_.write_prior(folded.row, static_cast<float>(std::log(recent_.share(event.item))));
  if (folded.is_new_item) {
    const auto user = users.vector(slot);
    std::vector<float> vector(user.begin(), user.end());
    for (float& value : vector) {
      value = kUserShare * value + kNewRowNoise * static_cast<float>(2 * random.uniform() - 1);
    }
    table_.write(folded.row, vector, 0);
    adagrad_.reset(folded.row);
  }
  if (is_new_user) users.write(slot, vector(folded.row));
  return folded;
}

std::uint32_t ItemVectors::draw_negative(Random& random) const {
  const bool uniform = random.uniform() < kUniformShare;
  const std::uint32_t row =
      uniform ? static_cast<std::uint32_t>(random.below(table_.rows())) : table_.row_of(recent_.draw(random));
  return row != kNoRow && table_.item_of(row) != kNoItem ? row : kNoRow;
}

void ItemVectors::forget(ItemIndex item) {
  table_.forget(item);
  recent_.forget(item);
}

void ItemVectors::save(ByteWriter& out) const {
  table_.save(out);
  adagrad_.save(out);
  recent_.save(out);
}

bool ItemVectors::load(ByteReader& in) {
  return table_.load(in) && adagrad_.load(in, table_.rows()) && recent_.load(in, max_items_);
}

std::size_t ItemVectors::memory_bytes() const {
  return table_.memory_bytes() + adagrad_.memory_bytes() + recent_.memory_bytes();
}

}  // namespace freshet::online
