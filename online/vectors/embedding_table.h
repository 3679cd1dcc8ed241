// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/containers/chunked_array.h"
#include "online/containers/cow_ptr.h"
#include "online/containers/lru.h"
#include "online/kernels/simd.h"
#include "online/measure/diagnostic.h"
#include "online/part/context.h"
#include "online/vectors/row_clusters.h"

namespace freshet::online {

/// Some embedding rows: the floats that are trained.
struct EmbeddingPage {
  static constexpr std::size_t kRows = 64;

  /// What a row has besides its vector.
  struct Scalars {
    float bias = 0;            ///< learned
    float prior = 0;           ///< log of the item's current share of all events
    ItemIndex item = kNoItem;  ///< whose row it is; kNoItem: unused
  };

  explicit EmbeddingPage(std::size_t dimension) : vectors(kRows * dimension) {}

  AlignedVector<float> vectors;  ///< [kRows][dimension]
  std::array<Scalars, kRows> scalars;
};

/// The rows as they were at one moment: immutable if taken by publish().
struct EmbeddingView {
  std::size_t dimension = 0;
  std::size_t rows = 0;
  std::vector<CowPtr<EmbeddingPage>> pages;
  std::vector<const float*> vectors;        ///< of the pages: a row's floats are found without a look at its page
  std::shared_ptr<const ClusterView> scan;  ///< the rows that are an item's, as a scan reads them
  std::shared_ptr<const ChunkedArray<std::atomic<std::uint32_t>>> row_of_item;  ///< live: row + 1, 0 for none

  /// kNoRow if the item had no row at that moment.
  std::uint32_t row_of(ItemIndex item) const {
    const std::uint32_t row = presumed_row_of(item);
    return is_row_of(row, item) ? row : kNoRow;
  }
  /// The same, unless the item has gained or lost its row since: the map is live. For callers that prefetch the row
  /// before they check with is_row_of() whose it was.
  std::uint32_t presumed_row_of(ItemIndex item) const {
    const auto* entry = row_of_item->find(item);
    if (entry == nullptr) return kNoRow;
    const std::uint32_t row = entry->load(std::memory_order_relaxed) - 1;
    return row < rows ? row : kNoRow;
  }
  /// False for kNoRow.
  bool is_row_of(std::uint32_t row, ItemIndex item) const { return row != kNoRow && scalars(row).item == item; }
  const float* vector(std::uint32_t row) const {
    return vectors[row / EmbeddingPage::kRows] + (row % EmbeddingPage::kRows) * dimension;
  }
  const EmbeddingPage::Scalars& scalars(std::uint32_t row) const {
    return pages[row / EmbeddingPage::kRows]->scalars[row % EmbeddingPage::kRows];
  }
  /// Learned bias plus prior: what is added to the dot product.
  float offset(std::uint32_t row) const { return scalars(row).bias + scalars(row).prior; }
};

/// Growing item embeddings: an item gets a row after `admission_count` sightings, at most `max_rows` have one, and the
/// least recently seen gives its row up (Liu et al., "Monolith", 2022, has the ideas). Rows of forgotten items are used
/// again first. Pages are copied at their first
/// change after a publish, so publishing costs what changed. Beyond `exact_rows` rows they are scanned through an index
/// (row_clusters.h).
/// Threads:  learner thread only; views taken by publish() may be read anywhere.
class EmbeddingTable {
 public:
  EmbeddingTable(std::size_t dimension, std::size_t max_rows, std::size_t max_items, std::size_t admission_count,
                 std::size_t exact_rows = kExactRows);

  /// Counts one sighting. Returns the item's row, or kNoRow if it is not admitted yet. `is_new`: the row has just been
  /// given to it, holds zeros and is found by no scan until it is written.
  std::uint32_t observe(ItemIndex item, bool& is_new);

  std::uint32_t row_of(ItemIndex item) const { return view_.row_of(item); }
  std::size_t rows() const { return view_.rows; }
  ItemIndex item_of(std::uint32_t row) const { return view_.scalars(row).item; }

  /// Replaces vector and bias of a row.
  void write(std::uint32_t row, std::span<const float> vector, float bias);
  void write_prior(std::uint32_t row, float prior);

  void forget(ItemIndex item);

  /// The rows as they are now; changes with them.
  const EmbeddingView& live() const { return view_; }
  /// The same for a scorer that keeps its view; belongs to the table.
  std::shared_ptr<const EmbeddingView> shared_live() const { return {std::shared_ptr<void>(), &view_}; }
  std::shared_ptr<const EmbeddingView> publish();

  /// How well scans of the rows work: the share of the best 20 of all items that they find, measured on live scans, and
  /// the share of the vectors that they read for that.
  std::array<Diagnostic, 2> diagnostics() const;

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  EmbeddingPage& writable(std::uint32_t row);
  void set_row(ItemIndex item, std::uint32_t row);
  void clear_row(std::uint32_t row, ItemIndex item);
  void append_page();

  const std::size_t max_rows_, max_items_, admission_count_;
  EmbeddingView view_;
  RowClusters clusters_;
  std::uint64_t epoch_ = 1;
  std::shared_ptr<ChunkedArray<std::atomic<std::uint32_t>>> row_of_item_;
  std::vector<std::uint8_t> sightings_;  // by item, until admitted
  LruOrder by_sighting_;                 // of rows
  std::set<std::uint32_t> free_;  // rows without an item; the least is used first, which a checkpoint need not tell
};

}  // namespace freshet::online
