#include "online/row_clusters.h"

#include <algorithm>
#include <cmath>
#include <ranges>

#include "online/kernels.h"
#include "online/simd.h"
#include "online/threshold.h"
#include "online/two_means.h"

namespace freshet::online {
namespace {

constexpr std::size_t kRows = RowCluster::kRows;
constexpr std::size_t kLeastScanned = 8;               // a scan reads at least that part of exact_rows
constexpr std::size_t kSettleAfter = 128;              // changes
constexpr std::size_t kHalveFrom = kRows - kRows / 8;  // when it settles; others have room for rows that come over
constexpr std::size_t kFew = 16;                       // a smaller cluster gives its rows away
constexpr std::size_t kNeighbours = 16;                // clusters that rows may go over to
constexpr std::size_t kSettledByHalving = 8;           // neighbours whose rows may belong to the new cluster
constexpr int kFirstRounds = 2;                        // over all clusters, once they have been formed

std::uint32_t cluster_of(std::uint32_t place) { return static_cast<std::uint32_t>(place / kRows); }

FRESHET_SIMD void subtract_half_square(float* scores, const float* offsets, float offset, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) scores[i] -= 0.5F * (offsets[i] - offset) * (offsets[i] - offset);
}

}  // namespace

RowClusters::RowClusters(std::size_t dimension, std::size_t exact_rows)
    : dimension_(dimension), exact_rows_(exact_rows), view_(std::make_shared<ClusterView>()), query_(dimension) {
  view_->tuner = std::make_shared<ScanTuner>(std::max<std::size_t>(1, exact_rows / kLeastScanned));
}

void RowClusters::write(std::uint32_t row, std::span<const float> vector, float offset) {
  if (row >= places_.size()) places_.resize(row + std::size_t{1}, kNowhere);
  if (places_[row] != kNowhere) {
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
  writable(cluster).offset[places_[row] % kRows] = offset;
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
  page.size < kFew ? settle(cluster) : changed(cluster);
}

std::shared_ptr<const ClusterView> RowClusters::publish() {
  ++epoch_;
  auto view = std::make_shared<ClusterView>(*view_);
  view->scanned_rows = view->tuner->rows();
  view->tuner = nullptr;
  return view;
}

RowCluster& RowClusters::writable(std::uint32_t cluster) {
  auto& shared = view_->clusters[cluster];
  if (shared->epoch != epoch_) {
    auto copy = std::make_shared<RowCluster>(*shared);
    copy->epoch = epoch_;
    shared = std::move(copy);
  }
  // Not published since it was made or copied: this thread's alone.
  return const_cast<RowCluster&>(*shared);
}

Centroids& RowClusters::writable_centroids() {
  if (view_->centroids->epoch != epoch_) {
    auto copy = std::make_shared<Centroids>(*view_->centroids);
    copy->epoch = epoch_;
    view_->centroids = std::move(copy);
  }
  return const_cast<Centroids&>(*view_->centroids);
}

void RowClusters::place(std::uint32_t row, std::uint32_t cluster, std::size_t slot) {
  places_[row] = static_cast<std::uint32_t>(cluster * kRows + slot);
}

std::uint32_t RowClusters::add_cluster() {
  auto cluster = std::make_shared<RowCluster>(dimension_);
  cluster->epoch = epoch_;
  view_->clusters.push_back(std::move(cluster));
  if (is_clustered()) {
    Centroids& all = writable_centroids();
    if (const std::size_t lanes = all.scale.size(); clusters() > lanes) {
      all.quantised.resize((lanes / kBlockRows + 1) * block_bytes(dimension_));
      for (auto* values : {&all.scale, &all.variance, &all.offset_variance}) values->resize(lanes + kBlockRows);
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
  Centroids& all = writable_centroids();
  if (cluster != last) {
    view_->clusters[cluster] = view_->clusters[last];
    changes_[cluster] = changes_[last];
    const RowCluster& page = *view_->clusters[cluster];
    for (std::size_t slot = 0; slot < page.size; ++slot) place(page.row[slot], cluster, slot);
    const std::vector<float> moved(centroid(last).begin(), centroid(last).end());
    set_centroid(cluster, moved, {all.variance[last], all.offset_variance[last]});
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
  while (page.size <= row % kRows) page.append(kNoRow);
  page.row[row % kRows] = row;
  page.write(row % kRows, vector, offset);
  place(row, cluster, row % kRows);
  ++view_->rows;
}

void RowClusters::add(std::uint32_t row, std::span<const float> vector, float offset) {
  const std::uint32_t cluster = nearest(vector, offset);
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
  view_->centroids = std::make_shared<Centroids>();
  std::vector<float> values(width());
  for (const auto& page : pages) {
    for (std::size_t slot = 0; slot < page->size; ++slot) {
      if (page->row[slot] == kNoRow) continue;
      page->read(slot, values.data());
      values.back() = page->offset[slot];
      if (view_->clusters.empty()) set_centroid(add_cluster(), values, {});
      const std::uint32_t cluster = nearest(std::span(values).first(dimension_), values.back());
      RowCluster& to = writable(cluster);
      const std::size_t at = to.append(page->row[slot]);
      to.copy(at, *page, slot);
      place(page->row[slot], cluster, at);
      changed(cluster);
    }
  }
  if (view_->clusters.empty()) set_centroid(add_cluster(), values, {});
  for (int round = 0; round < kFirstRounds; ++round) {
    for (std::uint32_t cluster = 0; cluster < clusters(); ++cluster) settle(cluster);
  }
}

void RowClusters::move(std::uint32_t from, std::size_t slot, std::uint32_t to) {
  RowCluster& source = writable(from);
  RowCluster& target = writable(to);
  const std::uint32_t row = source.row[slot];
  const std::size_t at = target.append(row);
  target.copy(at, source, slot);
  place(row, to, at);
  const std::uint32_t moved = source.remove(slot);
  if (moved != kNoRow) place(moved, from, slot);
}

void RowClusters::changed(std::uint32_t cluster) {
  if (!is_clustered() || ++changes_[cluster] < kSettleAfter) return;
  view_->clusters[cluster]->size >= kHalveFrom ? halve(cluster) : settle(cluster);
}

void RowClusters::settle(std::uint32_t cluster) {
  changes_[cluster] = 0;
  take_mean(cluster);
  reassign(cluster, neighbours(cluster, kNeighbours), view_->clusters[cluster]->size >= kFew);
  if (view_->clusters[cluster]->size == 0 && clusters() > 1) erase_cluster(cluster);
}

/// Lets every row go to the nearest of the clusters that have room.
void RowClusters::reassign(std::uint32_t cluster, std::span<const std::uint32_t> neighbours, bool may_stay) {
  const std::size_t size = view_->clusters[cluster]->size;
  std::vector<Near> best(size, {cluster, -INFINITY});
  const std::vector<float> nothing(kRows);
  scores_.resize(std::max(scores_.size(), kRows));
  peaks_.resize(std::max(peaks_.size(), kRows));
  const auto compare = [&](std::uint32_t other) {
    const RowCluster& page = *view_->clusters[cluster];
    const std::span<const float> vector = centroid(other).first(dimension_);
    const float scale = quantise(vector.data(), dimension_, query_.data());
    score_blocks(page.quantised.data(), page.blocks(), query_.data(), dimension_, scale,
                 {page.scale.data(), nothing.data()}, scores_.data(), peaks_.data());
    const float half_norm = squared(vector) / 2;
    subtract_half_square(scores_.data(), page.offset.data(), centroid(other).back(), size);
    for (std::size_t slot = 0; slot < size; ++slot) {
      if (scores_[slot] - half_norm > best[slot].score) best[slot] = {other, scores_[slot] - half_norm};
    }
  };
  if (may_stay) compare(cluster);
  for (const std::uint32_t other : neighbours) {
    if (!view_->clusters[other]->is_full()) compare(other);
  }
  for (std::size_t slot = size; slot-- > 0;) {  // downwards: what moves into its place has had its turn
    const std::uint32_t to = best[slot].cluster;
    if (to != cluster && !view_->clusters[to]->is_full()) move(cluster, slot, to);
  }
}

void RowClusters::halve(std::uint32_t cluster) {
  changes_[cluster] = 0;
  const RowCluster& page = *view_->clusters[cluster];
  std::vector<float> values(page.size * width());
  for (std::size_t slot = 0; slot < page.size; ++slot) {
    float* const row = &values[slot * width()];
    page.read(slot, row);
    row[dimension_] = page.offset[slot];
  }
  const std::vector<std::uint32_t> leaving = two_means(values, width(), centroid(cluster));
  const std::uint32_t added = add_cluster();
  for (const std::uint32_t slot : std::views::reverse(leaving)) move(cluster, slot, added);  // the last takes its slot
  take_mean(cluster);
  take_mean(added);
  std::vector<std::uint32_t> settling = neighbours(cluster, kSettledByHalving);
  settling.push_back(cluster);
  for (const std::uint32_t other : settling) {
    if (other < clusters()) settle(other);  // the last may have taken the number of one that was given up
  }
}

void RowClusters::take_mean(std::uint32_t cluster) {
  const RowCluster& page = *view_->clusters[cluster];
  if (page.size == 0) return;
  std::vector<float> values(width()), mean(width()), squares(width());
  for (std::size_t slot = 0; slot < page.size; ++slot) {
    page.read(slot, values.data());
    values.back() = page.offset[slot];
    for (std::size_t i = 0; i < width(); ++i) {
      mean[i] += values[i];
      squares[i] += values[i] * values[i];
    }
  }
  const auto size = static_cast<float>(page.size);
  Moments moments;
  for (std::size_t i = 0; i < width(); ++i) {
    mean[i] /= size;
    const float variance = std::max(0.0F, squares[i] / size - mean[i] * mean[i]);
    (i < dimension_ ? moments.variance : moments.offset_variance) += variance;
  }
  moments.variance /= static_cast<float>(dimension_);
  set_centroid(cluster, mean, moments);
}

void RowClusters::set_centroid(std::uint32_t cluster, std::span<const float> centroid, Moments moments) {
  std::ranges::copy(centroid, centroids_.begin() + static_cast<std::ptrdiff_t>(cluster * width()));
  Centroids& all = writable_centroids();
  const std::span<const float> vector = centroid.first(dimension_);
  std::uint8_t* block = all.quantised.data() + cluster / kBlockRows * block_bytes(dimension_);
  all.scale[cluster] = quantise_into_block(vector.data(), dimension_, block, cluster % kBlockRows);
  all.offset[cluster] = centroid.back();
  all.half_norm[cluster] = -squared(vector) / 2;
  all.variance[cluster] = moments.variance;
  all.offset_variance[cluster] = moments.offset_variance;
}

/// scores_[cluster]: minus half the squared distance, up to a constant.
void RowClusters::score_centroids(std::span<const float> vector, float offset) {
  const Centroids& all = *view_->centroids;
  const std::size_t lanes = all.scale.size();
  scores_.resize(lanes);
  peaks_.resize(lanes / kBlockRows);
  const float scale = quantise(vector.data(), dimension_, query_.data());
  score_blocks(all.quantised.data(), lanes / kBlockRows, query_.data(), dimension_, scale,
               {all.scale.data(), all.half_norm.data()}, scores_.data(), peaks_.data());
  scores_.resize(clusters());
  subtract_half_square(scores_.data(), all.offset.data(), offset, clusters());
}

/// The nearest, which is halved if it is full; then the nearest with room.
std::uint32_t RowClusters::nearest(std::span<const float> vector, float offset) {
  score_centroids(vector, offset);
  const auto first = static_cast<std::uint32_t>(std::ranges::max_element(scores_) - scores_.begin());
  if (!view_->clusters[first]->is_full()) return first;
  halve(first);
  score_centroids(vector, offset);
  std::uint32_t best = clusters();
  for (std::uint32_t cluster = 0; cluster < clusters(); ++cluster) {
    if (view_->clusters[cluster]->is_full()) continue;
    if (best == clusters() || scores_[cluster] > scores_[best]) best = cluster;
  }
  if (best < clusters()) return best;
  std::vector<float> centroid(vector.begin(), vector.end());
  centroid.push_back(offset);
  set_centroid(add_cluster(), centroid, {});
  return best;
}

std::vector<std::uint32_t> RowClusters::neighbours(std::uint32_t cluster, std::size_t count) {
  score_centroids(centroid(cluster).first(dimension_), centroid(cluster).back());
  scores_[cluster] = -INFINITY;
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
    out.array(std::span(page.row).first(page.size));
    out.varint(changes_[cluster]);
    for (const float value : centroid(cluster)) out.fixed(value);
    out.fixed(view_->centroids->variance[cluster]);
    out.fixed(view_->centroids->offset_variance[cluster]);
  }
}

bool RowClusters::load(ByteReader& in, std::size_t rows) {
  if (!view_->tuner->load(in)) return false;
  const std::uint64_t count = in.varint();
  if (!in.ok() || count == 0 || count > in.remaining() / (width() * sizeof(float))) return false;
  places_.assign(rows, kNowhere);
  view_->centroids = std::make_shared<Centroids>();
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
    Moments moments;
    moments.variance = in.fixed<float>();
    moments.offset_variance = in.fixed<float>();
    if (!in.ok() || changes >= kSettleAfter) return false;
    changes_[cluster] = static_cast<std::uint16_t>(changes);
    set_centroid(cluster, centroid, moments);
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
  return bytes + clusters() * (dimension_ + 20);
}

}  // namespace freshet::online
