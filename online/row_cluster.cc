#include "online/row_cluster.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {
namespace {

constexpr std::size_t kFour = 4;  // dimensions of a row that lie side by side

std::size_t place(std::size_t slot, std::size_t four) { return (four * kBlockRows + slot % kBlockRows) * kFour; }

}  // namespace

std::size_t RowCluster::append(std::uint32_t the_row) {
  const std::size_t slot = size++;
  if (slot % kBlockRows == 0) {
    quantised.resize(blocks() * kBlockRows * dimension, static_cast<std::uint8_t>(kZero));
    scale.resize(blocks() * kBlockRows);
    offset.resize(blocks() * kBlockRows, -INFINITY);
    row.resize(blocks() * kBlockRows, kNoRow);
  }
  row[slot] = the_row;
  return slot;
}

void RowCluster::write(std::size_t slot, std::span<const float> vector, float the_offset) {
  std::uint8_t* block = quantised.data() + slot / kBlockRows * kBlockRows * dimension;
  scale[slot] = quantise_into_block(vector.data(), dimension, block, slot % kBlockRows);
  offset[slot] = the_offset;
}

void RowCluster::copy(std::size_t slot, const RowCluster& from, std::size_t from_slot) {
  std::uint8_t* to = quantised.data() + slot / kBlockRows * kBlockRows * dimension;
  const std::uint8_t* source = from.quantised.data() + from_slot / kBlockRows * kBlockRows * dimension;
  for (std::size_t four = 0; four < dimension / kFour; ++four) {
    std::copy_n(source + place(from_slot, four), kFour, to + place(slot, four));
  }
  scale[slot] = from.scale[from_slot];
  offset[slot] = from.offset[from_slot];
}

void RowCluster::read(std::size_t slot, float* vector) const {
  const std::uint8_t* block = quantised.data() + slot / kBlockRows * kBlockRows * dimension;
  for (std::size_t i = 0; i < dimension; ++i) {
    vector[i] = scale[slot] * static_cast<float>(block[place(slot, i / kFour) + i % kFour] - kZero);
  }
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
