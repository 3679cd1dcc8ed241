#include "online/row_cluster.h"

#include <cmath>

namespace freshet::online {

std::size_t RowCluster::append(std::uint32_t the_row) {
  const std::size_t slot = size++;
  if (slot % kBlockRows == 0) {
    quantised.resize(blocks() * block_bytes(dimension));
    scale.resize(blocks() * kBlockRows);
    offset.resize(blocks() * kBlockRows, -INFINITY);
    row.resize(blocks() * kBlockRows, kNoRow);
  }
  row[slot] = the_row;
  return slot;
}

void RowCluster::write(std::size_t slot, std::span<const float> vector, float the_offset) {
  scale[slot] = quantise_into_block(vector.data(), dimension, block_of(slot), slot % kBlockRows);
  offset[slot] = the_offset;
}

void RowCluster::copy(std::size_t slot, const RowCluster& from, std::size_t from_slot) {
  copy_in_blocks(from.block_of(from_slot), from_slot % kBlockRows, dimension, block_of(slot), slot % kBlockRows);
  scale[slot] = from.scale[from_slot];
  offset[slot] = from.offset[from_slot];
}

void RowCluster::read(std::size_t slot, float* vector) const {
  read_from_block(block_of(slot), slot % kBlockRows, scale[slot], dimension, vector);
}

std::uint32_t RowCluster::remove(std::size_t slot) {
  const std::size_t last = size - 1;
  const std::uint32_t moved = slot == last ? kNoRow : row[last];
  if (slot != last) {
    copy(slot, *this, last);
    row[slot] = moved;
  }
  vacate(last);
  size = last;
  return moved;
}

void RowCluster::vacate(std::size_t slot) {
  offset[slot] = -INFINITY;
  row[slot] = kNoRow;
}

std::size_t RowCluster::memory_bytes() const {
  return sizeof *this + quantised.capacity() + (scale.capacity() + offset.capacity() + row.capacity()) * 4;
}

}  // namespace freshet::online
