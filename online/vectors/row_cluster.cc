// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/row_cluster.h"

#include <cmath>

namespace freshet::online {

std::size_t RowCluster::append(std::uint32_t row) {
  const std::size_t slot = size_++;
  if (slot % kBlockRows == 0) {
    memory_.resize(block_count() * stride());
    for (std::size_t empty = slot; empty < slot + kBlockRows; ++empty) vacate(empty);
  }
  write_row(slot, row);
  return slot;
}

void RowCluster::write(std::size_t slot, std::span<const float> vector, float offset) {
  lane(slot, kScale) = quantize_into_block(vector.data(), dimension_, block_of(slot), slot % kBlockRows);
  write_offset(slot, offset);
}

void RowCluster::copy(std::size_t slot, const RowCluster& from, std::size_t from_slot) {
  copy_in_blocks(from.block_of(from_slot), from_slot % kBlockRows, dimension_, block_of(slot), slot % kBlockRows);
  lane(slot, kScale) = from.scale(from_slot);
  write_offset(slot, from.offset(from_slot));
}

void RowCluster::read(std::size_t slot, float* vector) const {
  read_from_block(block_of(slot), slot % kBlockRows, scale(slot), dimension_, vector);
}

std::uint32_t RowCluster::remove(std::size_t slot) {
  const std::size_t last = size_ - 1;
  const std::uint32_t moved = slot == last ? kNoRow : row(last);
  if (slot != last) {
    copy(slot, *this, last);
    write_row(slot, moved);
  }
  vacate(last);
  size_ = last;
  return moved;
}

void RowCluster::vacate(std::size_t slot) {
  write_offset(slot, -INFINITY);
  write_row(slot, kNoRow);
}

}  // namespace freshet::online
