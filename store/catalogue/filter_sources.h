// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/catalogue/attribute_columns.h"
#include "store/catalogue/bound_filter.h"
#include "store/catalogue/filter_work.h"
#include "store/catalogue/row_bitmap.h"

/// For bound_filter.cc and filter_leaf.cc.
namespace freshet::store {

/// Rows whose text in the store a comparison has searched, and those of them that match.
struct SearchedRows {
  RowBitmap searched = make_bitmap(), matching = make_bitmap();
};

/// The values that a comparison has found among all texts of its attribute.
struct FoundValues {
  const AttributeColumn* column = nullptr;
  std::uint64_t version = 0;  ///< of its texts
  std::vector<ValueTable::Id> ids;
  std::uint64_t work = 0;  ///< that it took
};

/// What the comparisons of a bound filter read, and what that may still cost.
/// Threads: one.
class FilterSources {
 public:
  FilterSources(const AttributeColumns& the_columns, const CatalogueTexts& the_texts, std::uint64_t most_work)
      : columns(the_columns), texts(the_texts), work(most_work) {}

  const AttributeColumns& columns;
  const CatalogueTexts& texts;
  FilterWork work;

  /// The item's name, folded. All comparisons of a row share it: it is good until another row's.
  const std::string& folded_name(CatalogueRow row);
  /// Likewise its text, which is in the store. Empty if there is no work left for it.
  const std::string& folded_text(CatalogueRow row);

  /// A list may ask about a row several times: what the comparison has found out. Stays where it is.
  SearchedRows& searched_by(const FilterComparison& comparison) { return searched_[&comparison]; }

  FoundValues& found_by(const FilterComparison& comparison) { return found_[&comparison]; }
  std::uint64_t remembered = 0;  ///< work that was taken for what found_by() knew already

  /// These rows have changed; nullopt: perhaps any of them.
  void forget(const std::optional<std::vector<CatalogueRow>>& rows);

 private:
  CatalogueRow named_ = kNoRow, read_ = kNoRow;
  std::string name_, text_;
  std::map<const FilterComparison*, SearchedRows> searched_;
  std::map<const FilterComparison*, FoundValues> found_;
};

}  // namespace freshet::store
