#pragma once

#include <string>

#include "store/catalogue/attribute_columns.h"
#include "store/catalogue/bound_filter.h"
#include "store/catalogue/filter_work.h"

/// For bound_filter.cc and filter_leaf.cc.
namespace freshet::store {

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

 private:
  CatalogueRow named_ = kNoRow, read_ = kNoRow;
  std::string name_, text_;
};

}  // namespace freshet::store
