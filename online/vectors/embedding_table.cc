// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/embedding_table.h"

#include <algorithm>

namespace freshet::online {
namespace {

constexpr std::size_t kRows = EmbeddingPage::kRows;
constexpr std::uint64_t kClustered = UINT32_MAX;  // where a table without clusters has its rows, which are fewer

}  // namespace

EmbeddingTable::EmbeddingTable(std::size_t dimension, std::size_t max_rows, std::size_t max_items,
                               std::size_t admission_count, std::size_t exact_rows)
    : max_rows_(max_rows),
      max_items_(max_items),
      admission_count_(admission_count),
      clusters_(dimension, exact_rows),
      row_of_item_(std::make_shared<ChunkedArray<std::atomic<std::uint32_t>>>(max_items)) {
  view_.dimension = dimension;
  view_.row_of_item = row_of_item_;
  view_.scan = clusters_.live();
}

std::uint32_t EmbeddingTable::observe(ItemIndex item, bool& is_new) {
  is_new = false;
  std::uint32_t row = view_.row_of(item);
  if (row == kNoRow) {
    if (sightings_.size() <= item) sightings_.resize(item + std::size_t{1});
    if (++sightings_[item] < admission_count_) return kNoRow;
    sightings_[item] = 0;
    is_new = true;
    if (!free_.empty()) {
      row = *free_.begin();
      free_.erase(free_.begin());
    } else if (view_.rows < max_rows_) {
      row = static_cast<std::uint32_t>(view_.rows);
      if (row % kRows == 0) append_page();
      ++view_.rows;
    } else {
      row = by_sighting_.oldest();
      clear_row(row, item_of(row));
    }
    set_row(item, row);
  }
  by_sighting_.touch(row);
  return row;
}

void EmbeddingTable::append_page() {
  view_.pages.push_back(CowPtr<EmbeddingPage>::make(epoch_, view_.dimension));
  view_.vectors.push_back(view_.pages.back()->vectors.data());
}

EmbeddingPage& EmbeddingTable::writable(std::uint32_t row) {
  EmbeddingPage& page = view_.pages[row / kRows].write(epoch_);
  view_.vectors[row / kRows] = page.vectors.data();
  return page;
}

void EmbeddingTable::set_row(ItemIndex item, std::uint32_t row) {
  writable(row).scalars[row % kRows].item = item;
  row_of_item_->at(item).store(row + 1, std::memory_order_relaxed);
}

void EmbeddingTable::clear_row(std::uint32_t row, ItemIndex item) {
  writable(row).scalars[row % kRows].item = kNoItem;
  write(row, std::vector<float>(view_.dimension), 0);
  clusters_.remove(row);
  if (item != kNoItem) row_of_item_->at(item).store(0, std::memory_order_relaxed);
}

void EmbeddingTable::write(std::uint32_t row, std::span<const float> vector, float bias) {
  EmbeddingPage& page = writable(row);
  const std::size_t at = row % kRows;
  std::ranges::copy(vector, page.vectors.begin() + static_cast<std::ptrdiff_t>(at * view_.dimension));
  page.scalars[at].bias = bias;
  if (page.scalars[at].item != kNoItem) clusters_.write(row, vector, view_.offset(row));
}

void EmbeddingTable::write_prior(std::uint32_t row, float prior) {
  writable(row).scalars[row % kRows].prior = prior;
  clusters_.write_offset(row, view_.offset(row));
}

void EmbeddingTable::forget(ItemIndex item) {
  if (item < sightings_.size()) sightings_[item] = 0;
  const std::uint32_t row = view_.row_of(item);
  if (row == kNoRow) return;
  clear_row(row, item);
  free_.insert(row);
}

std::shared_ptr<const EmbeddingView> EmbeddingTable::publish() {
  ++epoch_;
  auto view = std::make_shared<EmbeddingView>(view_);
  view->scan = clusters_.publish();
  return view;
}

std::array<Diagnostic, 2> EmbeddingTable::diagnostics() const {
  double recall = 1, share = 1;
  if (clusters_.is_clustered()) {
    const ClusterView& scan = *view_.scan;
    recall = scan.tuner->recall();
    if (scan.rows > 0) share = std::min(1.0, static_cast<double>(scan.tuner->rows()) / static_cast<double>(scan.rows));
  }
  return {{{"scan", "recall", recall}, {"scan", "share", share}}};
}

void EmbeddingTable::save(ByteWriter& out) const {
  if (clusters_.is_clustered()) out.varint(kClustered);
  out.varint(view_.rows);
  for (std::uint32_t row = by_sighting_.oldest(); row != LruOrder::kNone; row = by_sighting_.after(row)) out.fixed(row);
  if (clusters_.is_clustered()) clusters_.save(out);
  for (std::uint32_t row = 0; row < view_.rows; ++row) {
    const auto& [bias, prior, item] = view_.scalars(row);
    out.fixed(item);
    out.fixed(bias);
    out.fixed(prior);
    for (std::size_t i = 0; i < view_.dimension; ++i) out.fixed(view_.vector(row)[i]);
  }
  out.array(std::span<const std::uint8_t>(sightings_));
}

bool EmbeddingTable::load(ByteReader& in) {
  std::uint64_t rows = in.varint();
  const bool clustered = rows == kClustered;
  if (clustered) rows = in.varint();
  if (!in.ok() || rows > max_rows_ || rows > in.remaining() / sizeof(std::uint32_t)) return false;
  std::vector<std::uint32_t> order(rows);
  std::vector<bool> seen(rows);
  for (std::uint32_t& row : order) {
    row = in.fixed<std::uint32_t>();
    if (row >= rows || seen[row]) return false;
    seen[row] = true;
  }
  by_sighting_.restore(order);
  if (clustered && !clusters_.load(in, rows)) return false;
  std::size_t restored = 0;
  std::vector<float> vector(view_.dimension);
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (row % kRows == 0) append_page();
    ++view_.rows;
    const auto item = in.fixed<ItemIndex>();
    const auto bias = in.fixed<float>();
    const auto prior = in.fixed<float>();
    for (float& value : vector) value = in.fixed<float>();
    if (!in.ok() || (item != kNoItem && item >= max_items_)) return false;
    writable(row).scalars[row % kRows].prior = prior;
    if (clustered) {
      write(row, vector, bias);
      if (item != kNoItem && !clusters_.restore(row, vector, bias + prior)) return false;
      restored += item != kNoItem ? 1 : 0;
    }
    if (item != kNoItem) {
      set_row(item, row);
    } else {
      free_.insert(free_.end(), row);
    }
    if (!clustered) write(row, vector, bias);
  }
  if (clustered && restored != clusters_.live()->rows) return false;
  sightings_ = in.array<std::uint8_t>();
  return in.ok() && sightings_.size() <= max_items_;
}

std::size_t EmbeddingTable::memory_bytes() const {
  const std::size_t page = kRows * (view_.dimension * sizeof(float) + sizeof(EmbeddingPage::Scalars));
  return view_.pages.size() * page + row_of_item_->memory_bytes() + sightings_.capacity() +
         by_sighting_.memory_bytes() + clusters_.memory_bytes();
}

}  // namespace freshet::online
