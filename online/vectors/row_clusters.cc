// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/row_clusters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <ranges>

#include "online/kernels/kernels.h"
#include "online/kernels/simd.h"
#include "online/kernels/threshold.h"
#include "online/vectors/two_means.h"

namespace freshet::online {
namespace {

constexpr std::size_t kRows = RowCluster::kRows;
constexpr std::size_t kLeastScanned = 8;       // a scan reads at least that part of exact_rows
constexpr std::size_t kSettleAfter = 64;       // changes
constexpr std::size_t kHalveFrom = kRows / 2;  // when it settles; the rest is room for rows that come over
constexpr std::size_t kFew = 16;               // a smaller cluster gives its rows away
constexpr std::size_t kNearHalves = 8;         // clusters whose rows may belong to one of two new ones
constexpr float kMoved = 1.0F / 16;            // of its square: a row that moves so far finds its cluster anew
constexpr std::size_t kReserved = 2;           // floats of a cluster in a saved state
constexpr int kFirstRounds = 2;                // over all clusters, once they have been formed

std::uint32_t cluster_of(std::uint32_t place) { return static_cast<std::uint32_t>(place / kRows); }

/// scores[i] of `blocks` blocks, less half the square of what offsets[i] differs by; peaks[block]: largest of a block.
FRESHET_SIMD void subtract_half_squares(float* scores, float* peaks, const float* offsets, float offset,
                                        std::size_t blocks) {
  for (std::size_t block = 0; block < blocks; ++block, scores += kBlockRows, offsets += kBlockRows) {
    float peak = -INFINITY;
#pragma omp simd reduction(max : peak)
    for (std::size_t i = 0; i < kBlockRows; ++i) {
      scores[i] -= 0.5F * (offsets[i] - offset) * (offsets[i] - offset);
      peak = scores[i] > peak ? scores[i] : peak;
    }
    peaks[block] = peak;
  }
}

}  // namespace

RowClusters::RowClusters(std::size_t dimension, std::size_t exact_rows)
    : dimension_(dimension),
      exact_rows_(exact_rows),
      view_(std::make_shared<ClusterView>()),
      query_(dimension),
      row_(dimension) {
  view_->tuner = std::make_shared<ScanTuner>(std::max<std::size_t>(1, exact_rows / kLeastScanned));
}

void RowClusters::write(std::uint32_t row, std::span<const float> vector, float offset) {
  if (row >= places_.size()) places_.resize(row + std::size_t{1}, kNowhere);
  if (places_[row] != kNowhere) {
    if (is_clustered() && has_moved(row, vector)) move_to_nearest(row, vector, offset);
    const std::uint32_t cluster = cluster_of(places_[row]);
    writable(cluster).write(places_[row] % kRows, vector, offset);
    changed(cluster);
    return;
  }
  if (!is_clustered() && row >= exact_rows_) form_clusters();
  is_clustered() ? add(row, vector, offset) : add_in_order(row, vector, offset);
}

void RowClusters::write_offset(std::uint32_t row, float offset) {
  if (row >= places_.size() || places_[row] == kNowhere) return;
  const std::uint32_t cluster = cluster_of(places_[row]);
  writable(cluster).write_offset(places_[row] % kRows, offset);
  changed(cluster);
}

void RowClusters::remove(std::uint32_t row) {
  if (row >= places_.size() || places_[row] == kNowhere) return;
  const std::uint32_t cluster = cluster_of(places_[row]);
  const std::size_t slot = places_[row] % kRows;
  places_[row] = kNowhere;
  --view_->rows;
  RowCluster& page = writable(cluster);
  if (!is_clustered()) {
    page.vacate(slot);
    return;
  }
  const std::uint32_t moved = page.remove(slot);
  if (moved != kNoRow) place(moved, cluster, slot);
  page.size() < kFew ? settle(cluster) : changed(cluster);
}

std::shared_ptr<const ClusterView> RowClusters::publish() {
  ++epoch_;
  auto view = std::make_shared<ClusterView>(*view_);
  view->scanned_rows = view->tuner->rows();
  view->tuner = nullptr;
  return view;
}

void RowClusters::place(std::uint32_t row, std::uint32_t cluster, std::size_t slot) {
  places_[row] = static_cast<std::uint32_t>(cluster * kRows + slot);
}

std::uint32_t RowClusters::add_cluster() {
  view_->clusters.push_back(CowPtr<RowCluster>::make(epoch_, dimension_));
  if (is_clustered()) {
    Centroids& all = view_->centroids.write(epoch_);
    if (const std::size_t lanes = all.scale.size(); clusters() > lanes) {
      all.quantized.resize((lanes / kBlockRows + 1) * block_bytes(dimension_));
      all.scale.resize(lanes + kBlockRows);
      for (auto* values : {&all.offset, &all.half_norm}) values->resize(lanes + kBlockRows, -INFINITY);
    }
    centroids_.resize(clusters() * width());
    changes_.push_back(0);
  }
  return clusters() - 1;
}

/// The last one takes its number.
void RowClusters::erase_cluster(std::uint32_t cluster) {
  const std::uint32_t last = clusters() - 1;
  Centroids& all = view_->centroids.write(epoch_);
  if (cluster != last) {
    view_->clusters[cluster] = view_->clusters[last];
    changes_[cluster] = changes_[last];
    const RowCluster& page = *view_->clusters[cluster];
    for (std::size_t slot = 0; slot < page.size(); ++slot) place(page.row(slot), cluster, slot);
    const std::vector<float> moved(centroid(last).begin(), centroid(last).end());
    set_centroid(cluster, moved);
  }
  all.offset[last] = all.half_norm[last] = -INFINITY;
  view_->clusters.pop_back();
  changes_.pop_back();
  centroids_.resize(clusters() * width());
}

void RowClusters::add_in_order(std::uint32_t row, std::span<const float> vector, float offset) {
  const auto cluster = static_cast<std::uint32_t>(row / kRows);
  while (clusters() <= cluster) add_cluster();
  RowCluster& page = writable(cluster);
  while (page.size() <= row % kRows) page.append(kNoRow);
  page.write_row(row % kRows, row);
  page.write(row % kRows, vector, offset);
  place(row, cluster, row % kRows);
  ++view_->rows;
}

void RowClusters::add(std::uint32_t row, std::span<const float> vector, float offset) {
  const std::uint32_t cluster = make_room(vector, offset);
  RowCluster& page = writable(cluster);
  const std::size_t slot = page.append(row);
  page.write(slot, vector, offset);
  place(row, cluster, slot);
  ++view_->rows;
  changed(cluster);
}

void RowClusters::form_clusters() {
  const auto pages = std::move(view_->clusters);
  view_->clusters.clear();
  view_->centroids = CowPtr<Centroids>::make(epoch_);
  std::vector<float> values(width());
  for (const auto& page : pages) {
    for (std::size_t slot = 0; slot < page->size(); ++slot) {
      if (page->row(slot) == kNoRow) continue;
      page->read(slot, values.data());
      values.back() = page->offset(slot);
      if (view_->clusters.empty()) set_centroid(add_cluster(), values);
      const std::uint32_t cluster = make_room(std::span(values).first(dimension_), values.back());
      RowCluster& to = writable(cluster);
      const std::size_t at = to.append(page->row(slot));
      to.copy(at, *page, slot);
      place(page->row(slot), cluster, at);
      changed(cluster);
    }
  }
  if (view_->clusters.empty()) set_centroid(add_cluster(), values);
  for (int round = 0; round < kFirstRounds; ++round) {
    for (std::uint32_t cluster = 0; cluster < clusters(); ++cluster) settle(cluster);
  }
}

void RowClusters::move(std::uint32_t from, std::size_t slot, std::uint32_t to) {
  RowCluster& source = writable(from);
  RowCluster& target = writable(to);
  const std::uint32_t row = source.row(slot);
  const std::size_t at = target.append(row);
  target.copy(at, source, slot);
  place(row, to, at);
  const std::uint32_t moved = source.remove(slot);
  if (moved != kNoRow) place(moved, from, slot);
}

bool RowClusters::has_moved(std::uint32_t row, std::span<const float> vector) {
  const RowCluster& page = *view_->clusters[cluster_of(places_[row])];
  page.read(places_[row] % kRows, row_.data());
  const float square = squared(vector);
  return squared(row_) - 2 * dot(row_.data(), vector.data(), dimension_) + square > kMoved * square;
}

void RowClusters::move_to_nearest(std::uint32_t row, std::span<const float> vector, float offset) {
  const std::uint32_t cluster = cluster_of(places_[row]);
  score_centroids(vector, offset);
  const std::uint32_t to = nearest_with_room(cluster);
  if (to == cluster || to == kNowhere) return;
  move(cluster, places_[row] % kRows, to);
  if (view_->clusters[cluster]->size() < kFew) settle(cluster);
}

void RowClusters::changed(std::uint32_t cluster) {
  if (!is_clustered() || ++changes_[cluster] < kSettleAfter) return;
  view_->clusters[cluster]->size() >= kHalveFrom ? halve(cluster) : settle(cluster);
}

/// Takes the mean for its centroid and lets rows go to whichever cluster is nearest: all if few are left, otherwise
/// those farther from the centroid than most, which are those that do go.
void RowClusters::settle(std::uint32_t cluster) {
  changes_[cluster] = 0;
  const std::vector<float> rows = rows_of(cluster);
  take_mean(cluster, rows);
  const std::size_t size = rows.size() / width();
  const auto vector = [&](std::size_t slot) { return std::span(rows).subspan(slot * width(), dimension_); };
  const auto offset = [&](std::size_t slot) { return rows[slot * width() + dimension_]; };
  std::vector<float> distances(size);
  for (std::size_t slot = 0; slot < size; ++slot) {
    distances[slot] = squared_distance(vector(slot), offset(slot), cluster);
  }
  const bool may_stay = size >= kFew;
  const float mean = std::accumulate(distances.begin(), distances.end(), 0.0F) / static_cast<float>(size);
  for (std::size_t slot = size; slot-- > 0;) {  // downwards: what takes its slot has had its turn
    if (may_stay && distances[slot] < mean) continue;
    score_centroids(vector(slot), offset(slot));
    if (!may_stay) rule_out(cluster);
    const std::uint32_t to = nearest_with_room(cluster);
    if (to != kNowhere && to != cluster) move(cluster, slot, to);
  }
  if (view_->clusters[cluster]->size() == 0 && clusters() > 1) erase_cluster(cluster);
}

/// Of a row from a cluster's centroid.
float RowClusters::squared_distance(std::span<const float> vector, float offset, std::uint32_t cluster) const {
  const std::span<const float> mean = centroid(cluster).first(dimension_);
  const float aside = offset - centroid(cluster).back();
  return squared(vector) - 2 * dot(vector.data(), mean.data(), dimension_) + squared(mean) + aside * aside;
}

/// Lets the rows that are nearer to one of `others`, which have room, go there.
void RowClusters::offer(std::uint32_t cluster, std::span<const std::uint32_t> others) {
  for (std::size_t slot = view_->clusters[cluster]->size(); slot-- > 0;) {
    const RowCluster& page = *view_->clusters[cluster];
    page.read(slot, row_.data());
    std::uint32_t best = cluster;
    float least = squared_distance(row_, page.offset(slot), cluster);
    for (const std::uint32_t other : others) {
      const float distance = squared_distance(row_, page.offset(slot), other);
      if (distance < least) best = other;
      least = std::min(least, distance);
    }
    if (best != cluster && !view_->clusters[best]->is_full()) move(cluster, slot, best);
  }
}

void RowClusters::halve(std::uint32_t cluster) {
  changes_[cluster] = 0;
  const std::vector<std::uint32_t> leaving = two_means(rows_of(cluster), width(), centroid(cluster));
  const std::uint32_t added = add_cluster();
  for (const std::uint32_t slot : std::views::reverse(leaving)) move(cluster, slot, added);  // the last takes its slot
  take_mean(cluster, rows_of(cluster));
  take_mean(added, rows_of(added));
  std::vector<std::uint32_t> near = neighbors(cluster, kNearHalves);
  std::erase(near, added);
  for (const std::uint32_t other : near) offer(other, std::array{cluster, added});
  std::ranges::sort(near, std::greater{});  // of those that are given up the last takes the number
  for (const std::uint32_t other : near) {
    if (view_->clusters[other]->size() < kFew) settle(other);
  }
}

/// Vectors as they were rounded, and offsets: [size][width()].
std::vector<float> RowClusters::rows_of(std::uint32_t cluster) const {
  const RowCluster& page = *view_->clusters[cluster];
  std::vector<float> rows(page.size() * width());
  for (std::size_t slot = 0; slot < page.size(); ++slot) {
    float* const row = &rows[slot * width()];
    page.read(slot, row);
    row[dimension_] = page.offset(slot);
  }
  return rows;
}

void RowClusters::take_mean(std::uint32_t cluster, std::span<const float> rows) {
  if (rows.empty()) return;
  std::vector<float> mean(width());
  for (std::size_t at = 0; at < rows.size(); at += width()) {
    for (std::size_t i = 0; i < width(); ++i) mean[i] += rows[at + i];
  }
  const std::size_t count = rows.size() / width();
  for (float& value : mean) value /= static_cast<float>(count);
  set_centroid(cluster, mean);
}

void RowClusters::set_centroid(std::uint32_t cluster, std::span<const float> centroid) {
  std::ranges::copy(centroid, centroids_.begin() + static_cast<std::ptrdiff_t>(cluster * width()));
  Centroids& all = view_->centroids.write(epoch_);
  const std::span<const float> vector = centroid.first(dimension_);
  std::uint8_t* block = all.quantized.data() + cluster / kBlockRows * block_bytes(dimension_);
  all.scale[cluster] = quantize_into_block(vector.data(), dimension_, block, cluster % kBlockRows);
  all.offset[cluster] = centroid.back();
  all.half_norm[cluster] = -squared(vector) / 2;
}

/// scores_[cluster]: minus half the squared distance, up to a constant; peaks_[block]: the largest of a block of them.
void RowClusters::score_centroids(std::span<const float> vector, float offset) {
  const Centroids& all = *view_->centroids;
  const RowBlocks blocks = all.blocks(dimension_, all.half_norm);
  scores_.resize(blocks.count * kBlockRows);
  peaks_.resize(blocks.count);
  const float scale = quantize(vector.data(), dimension_, query_.data());
  score_blocks(blocks, query_.data(), dimension_, scale, scores_.data(), peaks_.data());
  subtract_half_squares(scores_.data(), peaks_.data(), all.offset.data(), offset, blocks.count);
}

void RowClusters::rule_out(std::uint32_t cluster) {
  scores_[cluster] = -INFINITY;
  const std::size_t block = cluster / kBlockRows;
  peaks_[block] = *std::max_element(&scores_[block * kBlockRows], &scores_[block * kBlockRows] + kBlockRows);
}

/// Of the clusters as they were scored. kNowhere: none is left (or all scores are NaN).
std::uint32_t RowClusters::nearest() const {
  const auto peak = std::ranges::max_element(peaks_);
  const auto first = static_cast<std::size_t>(peak - peaks_.begin()) * kBlockRows;
  for (std::size_t cluster = first; cluster < first + kBlockRows; ++cluster) {
    if (scores_[cluster] == *peak && *peak > -INFINITY) return static_cast<std::uint32_t>(cluster);
  }
  return kNowhere;
}

/// The same, but of the full ones only `own`.
std::uint32_t RowClusters::nearest_with_room(std::uint32_t own) {
  for (std::uint32_t best = nearest();; best = nearest()) {
    if (best == kNowhere || best == own || !view_->clusters[best]->is_full()) return best;
    rule_out(best);
  }
}

/// For a new row: the nearest, which is halved if it is full; then the nearest with room.
std::uint32_t RowClusters::make_room(std::span<const float> vector, float offset) {
  score_centroids(vector, offset);
  const std::uint32_t first = nearest();
  if (first != kNowhere && !view_->clusters[first]->is_full()) return first;
  if (first != kNowhere) {
    halve(first);
    score_centroids(vector, offset);
  }
  const std::uint32_t best = nearest_with_room(kNowhere);
  if (best != kNowhere) return best;
  if (!view_->clusters.back()->is_full()) return clusters() - 1;  // what is not a number is near to nothing
  std::vector<float> centroid(vector.begin(), vector.end());
  centroid.push_back(offset);
  const std::uint32_t added = add_cluster();
  set_centroid(added, centroid);
  return added;
}

std::vector<std::uint32_t> RowClusters::neighbors(std::uint32_t cluster, std::size_t count) {
  score_centroids(centroid(cluster).first(dimension_), centroid(cluster).back());
  rule_out(cluster);
  scores_.resize(clusters());
  const float threshold = clusters() > count ? threshold_for(scores_, count) : -INFINITY;
  std::vector<std::uint32_t> near;
  for (std::uint32_t other = 0; other < clusters(); ++other) {
    if (scores_[other] >= threshold && other != cluster) near.push_back(other);
  }
  const auto nearer = [&](std::uint32_t a, std::uint32_t b) { return scores_[a] > scores_[b]; };
  std::ranges::stable_sort(near, nearer);
  near.resize(std::min(near.size(), count));
  return near;
}

void RowClusters::save(ByteWriter& out) const {
  view_->tuner->save(out);
  out.varint(clusters());
  for (std::uint32_t cluster = 0; cluster < clusters(); ++cluster) {
    const RowCluster& page = *view_->clusters[cluster];
    std::vector<std::uint32_t> rows(page.size());
    for (std::size_t slot = 0; slot < rows.size(); ++slot) rows[slot] = page.row(slot);
    out.array(std::span<const std::uint32_t>(rows));
    out.varint(changes_[cluster]);
    for (const float value : centroid(cluster)) out.fixed(value);
    for (std::size_t i = 0; i < kReserved; ++i) out.fixed(0.0F);
  }
}

bool RowClusters::load(ByteReader& in, std::size_t rows) {
  if (!view_->tuner->load(in)) return false;
  const std::uint64_t count = in.varint();
  if (!in.ok() || count == 0 || count > in.remaining() / (width() * sizeof(float))) return false;
  places_.assign(rows, kNowhere);
  view_->centroids = CowPtr<Centroids>::make(epoch_);
  for (std::uint32_t cluster = 0; cluster < count; ++cluster) {
    add_cluster();
    RowCluster& page = writable(cluster);
    for (const std::uint32_t row : in.array<std::uint32_t>()) {
      if (row >= rows || places_[row] != kNowhere || page.is_full()) return false;
      place(row, cluster, page.append(row));
      ++view_->rows;
    }
    const std::uint64_t changes = in.varint();
    std::vector<float> centroid(width());
    for (float& value : centroid) value = in.fixed<float>();
    for (std::size_t i = 0; i < kReserved; ++i) in.fixed<float>();
    if (!in.ok() || changes > UINT16_MAX) return false;
    changes_[cluster] = static_cast<std::uint16_t>(changes);
    set_centroid(cluster, centroid);
  }
  return true;
}

bool RowClusters::restore(std::uint32_t row, std::span<const float> vector, float offset) {
  if (row >= places_.size() || places_[row] == kNowhere) return false;
  writable(cluster_of(places_[row])).write(places_[row] % kRows, vector, offset);
  return true;
}

std::size_t RowClusters::memory_bytes() const {
  std::size_t bytes = (places_.capacity() + centroids_.capacity()) * 4 + changes_.capacity() * 2;
  for (const auto& cluster : view_->clusters) bytes += cluster->memory_bytes();
  return bytes + clusters() * (dimension_ / 2 + 12);  // Centroids
}

}  // namespace freshet::online
