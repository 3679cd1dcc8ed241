#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "online/quantised_rows.h"
#include "online/scan_tuner.h"
#include "online/simd.h"

namespace freshet::online {

inline constexpr std::uint32_t kNoRow = UINT32_MAX;

/// Up to 256 embedding rows as a scan reads them: 4-bit copies (kernels.h says how they lie), and what is added to
/// their products. Whole blocks: lanes without a row have offset -inf.
struct RowCluster {
  static constexpr std::size_t kRows = 256;

  explicit RowCluster(std::size_t the_dimension) : dimension(the_dimension) {}

  std::size_t blocks() const { return (size + kBlockRows - 1) / kBlockRows; }
  bool is_full() const { return size == kRows; }

  /// Makes room for one more at the end. Returns its slot. REQUIRES: !is_full()
  std::size_t append(std::uint32_t the_row);
  void write(std::size_t slot, std::span<const float> vector, float the_offset);
  /// Copies what another cluster holds, bit by bit.
  void copy(std::size_t slot, const RowCluster& from, std::size_t from_slot);
  /// The row as it was rounded.
  void read(std::size_t slot, float* vector) const;
  /// Puts the last one into its place. Returns the row that has moved there, or kNoRow.
  std::uint32_t remove(std::size_t slot);
  /// Its slot holds nothing from now on, and nothing moves.
  void vacate(std::size_t slot);

  std::size_t memory_bytes() const;

  const std::uint8_t* block_of(std::size_t slot) const {
    return quantised.data() + slot / kBlockRows * block_bytes(dimension);
  }
  std::uint8_t* block_of(std::size_t slot) { return quantised.data() + slot / kBlockRows * block_bytes(dimension); }

  std::size_t dimension;
  std::uint64_t epoch = 0;
  std::size_t size = 0;                   ///< slots in use are 0 .. size - 1
  AlignedVector<std::uint8_t> quantised;  ///< blocks of kBlockRows rows
  AlignedVector<float> scale;             ///< of the 4-bit row
  AlignedVector<float> offset;            ///< learned bias plus prior
  std::vector<std::uint32_t> row;         ///< whose slot it is
};

/// What scans of all clusters at once read of each: means of its rows, rounded as rows are. Whole blocks: lanes without
/// a cluster have offset and half_norm -inf.
struct Centroids {
  std::uint64_t epoch = 0;
  AlignedVector<std::uint8_t> quantised;
  AlignedVector<float> scale;
  AlignedVector<float> offset;           ///< mean of the rows'
  AlignedVector<float> half_norm;        ///< -|vector|^2 / 2
  AlignedVector<float> variance;         ///< of the rows' vectors around it, per dimension
  AlignedVector<float> offset_variance;  ///< of the rows' offsets
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
