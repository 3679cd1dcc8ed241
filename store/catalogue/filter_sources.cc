// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter_sources.h"

#include <string_view>

#include "store/catalogue/folded_text.h"

namespace freshet::store {

const std::string& FilterSources::folded_name(CatalogueRow row) {
  if (row == named_) return name_;
  named_ = row;
  const std::string_view name = texts.item(row);
  work.take(1 + name.size() / FilterWork::kFoldedPerUnit);
  fold_text(name, name_);
  return name_;
}

const std::string& FilterSources::folded_text(CatalogueRow row) {
  if (row == read_) return text_;
  read_ = row;
  text_.clear();
  if (!work.take(FilterWork::kStoreRead)) return text_;
  const std::string_view text = texts.text(row);
  if (work.take(text.size() / FilterWork::kFoldedPerUnit)) fold_text(text, text_);
  return text_;
}

void FilterSources::forget(const std::optional<std::vector<CatalogueRow>>& rows) {
  named_ = read_ = kNoRow;
  if (!rows) return searched_.clear();
  for (auto& [comparison, found] : searched_) {
    for (const CatalogueRow row : *rows) roaring_bitmap_remove(found.searched.get(), row);
    for (const CatalogueRow row : *rows) roaring_bitmap_remove(found.matching.get(), row);
  }
}

}  // namespace freshet::store
