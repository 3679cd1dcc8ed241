// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "online/containers/cow_ptr.h"
#include "online/kernels/simd.h"
#include "online/vectors/quantized_rows.h"
#include "online/vectors/scan_tuner.h"

namespace freshet::online {

inline constexpr std::uint32_t kNoRow = UINT32_MAX;

/// Up to 256 embedding rows as a scan reads them: 4-bit copies (layout in quantized_rows.h), and offsets that are added
/// to their products. One allocation, in the order in which a scan reads it, because clusters are scattered over
/// memory. Blocks are padded: a slot without a row has offset -inf.
/// Threads: one, until it is published; then any, and it is immutable.
class RowCluster {
 public:
  static constexpr std::size_t kRows = 256;

  explicit RowCluster(std::size_t dimension) : dimension_(dimension) {}

  std::size_t size() const { return size_; }  ///< slots in use are 0 .. size() - 1
  std::size_t block_count() const { return (size_ + kBlockRows - 1) / kBlockRows; }
  bool is_full() const { return size_ == kRows; }
  /// All blocks, for score_blocks().
  RowBlocks blocks() const {
    if (memory_.empty()) return {};
    return {block_of(0),   &memory_[place(0, kScale)], &memory_[place(0, kOffset)],
            block_count(), stride() * sizeof(float),   stride()};
  }

  /// The row in the slot, or kNoRow.
  std::uint32_t row(std::size_t slot) const { return std::bit_cast<std::uint32_t>(lane(slot, kRow)); }
  /// Learned bias plus prior.
  float offset(std::size_t slot) const { return lane(slot, kOffset); }
  /// Of the slot's 4-bit codes.
  float scale(std::size_t slot) const { return lane(slot, kScale); }
  /// Writes the slot's vector, as it was rounded, to `vector`.
  void read(std::size_t slot, float* vector) const;

  /// Adds a slot for `row` at the end, and returns it. Its vector must be written next.
  /// REQUIRES: !is_full()
  std::size_t append(std::uint32_t row);
  void write(std::size_t slot, std::span<const float> vector, float offset);
  void write_offset(std::size_t slot, float offset) { lane(slot, kOffset) = offset; }
  void write_row(std::size_t slot, std::uint32_t row) { lane(slot, kRow) = std::bit_cast<float>(row); }
  /// Copies vector and offset of another cluster's slot without rounding again.
  void copy(std::size_t slot, const RowCluster& from, std::size_t from_slot);
  /// Removes the slot's row; the last row takes the slot. Returns that row, or kNoRow if none moved.
  std::uint32_t remove(std::size_t slot);
  /// Empties the slot without moving another row there.
  void vacate(std::size_t slot);

  std::size_t memory_bytes() const { return sizeof *this + memory_.capacity() * sizeof(float); }

 private:
  enum Column : std::uint8_t { kScale, kOffset, kRow };  // kBlockRows floats each, after a block's codes

  std::size_t codes() const { return block_bytes(dimension_) / sizeof(float); }
  std::size_t stride() const { return codes() + 3 * kBlockRows; }
  std::size_t block_at(std::size_t slot) const { return slot / kBlockRows * stride(); }
  std::size_t place(std::size_t slot, Column what) const {
    return block_at(slot) + codes() + what * kBlockRows + slot % kBlockRows;
  }
  float lane(std::size_t slot, Column what) const { return memory_[place(slot, what)]; }
  float& lane(std::size_t slot, Column what) { return memory_[place(slot, what)]; }
  const std::uint8_t* block_of(std::size_t slot) const {
    return reinterpret_cast<const std::uint8_t*>(&memory_[block_at(slot)]);
  }
  std::uint8_t* block_of(std::size_t slot) { return reinterpret_cast<std::uint8_t*>(&memory_[block_at(slot)]); }

  std::size_t dimension_;
  std::size_t size_ = 0;
  AlignedVector<float> memory_;  // per block: codes, scales, offsets, row numbers (their bits)
};

/// The means of all clusters, rounded to 4 bits as rows are, so that one scan scores all clusters. Blocks are padded:
/// lanes without a cluster have offset and half_norm -inf.
struct Centroids {
  /// The blocks, with `added` (offset or half_norm) added to the products. With half_norm, the highest score is that of
  /// the nearest centroid.
  RowBlocks blocks(std::size_t dimension, const AlignedVector<float>& added) const {
    return {quantized.data(), scale.data(), added.data(), scale.size() / kBlockRows, block_bytes(dimension)};
  }

  AlignedVector<std::uint8_t> quantized;
  AlignedVector<float> scale;
  AlignedVector<float> offset;     ///< mean offset of the cluster's rows
  AlignedVector<float> half_norm;  ///< -|vector|^2 / 2
};

/// The clusters as they were at one moment: immutable if taken by RowClusters::publish().
struct ClusterView {
  std::size_t rows = 0;
  std::vector<CowPtr<RowCluster>> clusters;
  CowPtr<Centroids> centroids;       ///< null: no clusters, rows in order of their numbers, all scanned
  std::size_t scanned_rows = 0;      ///< in clusters: number of rows that a scan of a published view reads
  std::shared_ptr<ScanTuner> tuner;  ///< live view only: says how many rows a scan reads
};

}  // namespace freshet::online
