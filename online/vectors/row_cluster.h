#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "online/kernels/simd.h"
#include "online/vectors/quantized_rows.h"
#include "online/vectors/scan_tuner.h"

namespace freshet::online {

inline constexpr std::uint32_t kNoRow = UINT32_MAX;

/// Up to 256 embedding rows as a scan reads them: 4-bit copies (quantized_rows.h says how they lie), and what is added
/// to their products. In one piece, in the order in which a scan reads them, since it goes from cluster to cluster all
/// over memory. Whole blocks: lanes without a row have offset -inf.
class RowCluster {
 public:
  static constexpr std::size_t kRows = 256;

  explicit RowCluster(std::size_t dimension) : dimension_(dimension) {}

  std::size_t size() const { return size_; }  ///< slots in use are 0 .. size() - 1
  std::size_t block_count() const { return (size_ + kBlockRows - 1) / kBlockRows; }
  bool is_full() const { return size_ == kRows; }
  RowBlocks blocks() const {
    if (memory_.empty()) return {};
    return {block_of(0),   &memory_[place(0, kScale)], &memory_[place(0, kOffset)],
            block_count(), stride() * sizeof(float),   stride()};
  }

  /// Whose slot it is, or kNoRow.
  std::uint32_t row(std::size_t slot) const { return std::bit_cast<std::uint32_t>(lane(slot, kRow)); }
  /// Learned bias plus prior.
  float offset(std::size_t slot) const { return lane(slot, kOffset); }
  /// Of the 4-bit row.
  float scale(std::size_t slot) const { return lane(slot, kScale); }
  /// The row as it was rounded.
  void read(std::size_t slot, float* vector) const;

  /// Makes room for one more at the end. Returns its slot. REQUIRES: !is_full()
  std::size_t append(std::uint32_t row);
  void write(std::size_t slot, std::span<const float> vector, float offset);
  void write_offset(std::size_t slot, float offset) { lane(slot, kOffset) = offset; }
  void write_row(std::size_t slot, std::uint32_t row) { lane(slot, kRow) = std::bit_cast<float>(row); }
  /// Copies what another cluster holds, bit by bit.
  void copy(std::size_t slot, const RowCluster& from, std::size_t from_slot);
  /// Puts the last one into its place. Returns the row that has moved there, or kNoRow.
  std::uint32_t remove(std::size_t slot);
  /// Its slot holds nothing from now on, and nothing moves.
  void vacate(std::size_t slot);

  std::size_t memory_bytes() const { return sizeof *this + memory_.capacity() * sizeof(float); }

  std::uint64_t epoch = 0;

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
  AlignedVector<float> memory_;  // block_count() times: codes, scales, offsets, rows as their bits
};

/// What scans of all clusters at once read of each: means of its rows, rounded as rows are. Whole blocks: lanes without
/// a cluster have offset and half_norm -inf.
struct Centroids {
  /// To be scored with `offset` or `half_norm` added.
  RowBlocks blocks(std::size_t dimension, const AlignedVector<float>& added) const {
    return {quantized.data(), scale.data(), added.data(), scale.size() / kBlockRows, block_bytes(dimension)};
  }

  std::uint64_t epoch = 0;
  AlignedVector<std::uint8_t> quantized;
  AlignedVector<float> scale;
  AlignedVector<float> offset;     ///< mean of the rows'
  AlignedVector<float> half_norm;  ///< -|vector|^2 / 2
};

/// The clusters as they were at one moment: immutable if taken by RowClusters::publish().
struct ClusterView {
  std::size_t rows = 0;
  std::vector<std::shared_ptr<const RowCluster>> clusters;
  std::shared_ptr<const Centroids> centroids;  ///< null: rows lie in the order of their numbers, and all are scanned
  std::size_t scanned_rows = 0;                ///< how many a scan reads otherwise
  std::shared_ptr<ScanTuner> tuner;            ///< of a live view: it says how many
};

}  // namespace freshet::online
