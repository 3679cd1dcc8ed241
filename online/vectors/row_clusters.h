// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/vectors/row_cluster.h"

namespace freshet::online {

/// Up to so many rows reading them all is no slower than the detour through clusters.
inline constexpr std::size_t kExactRows = 16'384;

/// An inverted file (Jégou, Douze and Schmid, PAMI 2011) over rows that never stand still. Up to `exact_rows` rows lie
/// in the order of their numbers, and a scan reads them all. From then on they lie in clusters of rows that are alike,
/// their offsets included, and a scan reads the clusters whose means score highest (embedding_ranking.h). There is no
/// training and no frozen copy: a row that is new, or has moved by a quarter of its length, goes to the nearest
/// centroid; a full cluster is halved, and a cluster that has changed often enough takes the mean of its rows for its
/// centroid and lets the farther ones go to whichever is nearer: the split and reassign of Xu et al., "SPFresh", SOSP
/// 2023, with the steps of Lloyd's k-means done where something changes. Nothing is drawn at random.
/// Threads:  learner thread only; views taken by publish() may be read anywhere.
/// Cost:     write(): amortized a pass over the centroids, and another of a row that has moved or is new. Once, when
///           there are more than `exact_rows`, all rows are placed.
class RowClusters {
 public:
  RowClusters(std::size_t dimension, std::size_t exact_rows);

  /// What the row holds from now on; it is found from the first write on.
  void write(std::uint32_t row, std::span<const float> vector, float offset);
  /// Nothing if the row is not found.
  void write_offset(std::uint32_t row, float offset);
  /// The row is not found any more, until it is written.
  void remove(std::uint32_t row);

  bool is_clustered() const { return view_->centroids != nullptr; }
  /// Changes with the rows.
  std::shared_ptr<const ClusterView> live() const { return view_; }
  std::shared_ptr<const ClusterView> publish();

  /// Which row lies where, not what it holds. REQUIRES: is_clustered()
  void save(ByteWriter& out) const;
  /// Before the rows themselves, each of which then goes to restore(). False if it is no saved state of `rows` rows.
  bool load(ByteReader& in, std::size_t rows);
  /// What a row of a loaded state holds. False if it has no place.
  bool restore(std::uint32_t row, std::span<const float> vector, float offset);

  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  std::uint32_t clusters() const { return static_cast<std::uint32_t>(view_->clusters.size()); }
  std::size_t width() const { return dimension_ + 1; }  // a vector and its offset
  std::span<const float> centroid(std::uint32_t cluster) const {
    return {centroids_.data() + cluster * width(), width()};
  }

  RowCluster& writable(std::uint32_t cluster) { return view_->clusters[cluster].write(epoch_); }
  std::uint32_t add_cluster();
  void erase_cluster(std::uint32_t cluster);
  void place(std::uint32_t row, std::uint32_t cluster, std::size_t slot);

  void add_in_order(std::uint32_t row, std::span<const float> vector, float offset);
  void add(std::uint32_t row, std::span<const float> vector, float offset);
  void form_clusters();
  void move(std::uint32_t from, std::size_t slot, std::uint32_t to);
  bool has_moved(std::uint32_t row, std::span<const float> vector);
  void move_to_nearest(std::uint32_t row, std::span<const float> vector, float offset);
  void changed(std::uint32_t cluster);
  void settle(std::uint32_t cluster);
  float squared_distance(std::span<const float> vector, float offset, std::uint32_t cluster) const;
  void offer(std::uint32_t cluster, std::span<const std::uint32_t> others);
  void halve(std::uint32_t cluster);

  std::vector<float> rows_of(std::uint32_t cluster) const;
  void take_mean(std::uint32_t cluster, std::span<const float> rows);
  void set_centroid(std::uint32_t cluster, std::span<const float> centroid);
  void score_centroids(std::span<const float> vector, float offset);
  void rule_out(std::uint32_t cluster);
  std::uint32_t nearest() const;
  std::uint32_t nearest_with_room(std::uint32_t own);
  std::uint32_t make_room(std::span<const float> vector, float offset);
  std::vector<std::uint32_t> neighbors(std::uint32_t cluster, std::size_t count);

  const std::size_t dimension_, exact_rows_;
  std::shared_ptr<ClusterView> view_;
  std::uint64_t epoch_ = 1;
  std::vector<std::uint32_t> places_;   // by row: cluster * RowCluster::kRows + slot
  std::vector<float> centroids_;        // [cluster][width()]
  std::vector<std::uint16_t> changes_;  // by cluster, since it settled
  std::vector<float> scores_, peaks_;   // buffers of score_centroids()
  std::vector<std::int8_t> query_;
  std::vector<float> row_;  // buffer: one as it was rounded
};

}  // namespace freshet::online
