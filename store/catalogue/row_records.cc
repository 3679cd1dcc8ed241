// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/row_records.h"

#include <algorithm>

namespace freshet::store {

void RowRecords::set(CatalogueRow row, std::span<const std::uint32_t> words) {
  if (row >= records_.size()) records_.resize(std::size_t{row} + 1);
  if (!records_[row]) ++records_made_;
  records_[row] = std::make_unique_for_overwrite<std::uint32_t[]>(words.size() + 1);
  records_[row][0] = static_cast<std::uint32_t>(words.size());
  std::copy(words.begin(), words.end(), records_[row].get() + 1);
}

void RowRecords::clear(CatalogueRow row) {
  if (row >= records_.size() || !records_[row]) return;
  records_[row].reset();
  --records_made_;
}

}  // namespace freshet::store
