// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/catalogue/attribute_columns.h"
#include "store/catalogue/filter.h"
#include "store/catalogue/filter_sources.h"

/// One comparison of a bound filter; for bound_filter.cc.
namespace freshet::store {

using VisitRow = std::function<bool(CatalogueRow)>;

/// One comparison, not negated. What it does it takes from the work of the sources; if there is not enough, the answer is
/// of no use. Threads, Cost: as BoundFilter's.
class FilterLeaf {
 public:
  /// REQUIRES: comparison outlives it
  FilterLeaf(const FilterComparison& comparison, FilterSources& sources, const Item* context);

  /// False if it names a value that the context does not have: then neither it nor its opposite holds.
  bool has_values() const { return has_values_; }

  bool matches(FilterSources& sources, CatalogueRow row) const;
  bool matches_unknown(FilterSources& sources, std::string_view item) const;

  /// How many rows match; an upper bound unless is_exact().
  std::uint64_t estimate() const { return estimate_; }
  bool is_exact() const { return exact_; }
  /// Whether matches() searches texts.
  bool is_slow() const { return kind_ == Kind::search; }
  /// Whether matches() reads texts from the store.
  bool reads_store() const { return kind_ == Kind::search && comparison_->field == FilterField::text; }

  /// Calls `visit` for each row that matches, once, until it returns false or the work is used up. Returns false if that
  /// happened.
  bool visit(FilterSources& sources, const VisitRow& visit) const;
  /// The same for rows that may match, of which none is searched.
  bool visit_candidates(FilterSources& sources, const VisitRow& visit) const;

  /// All rows that match, if they are one bitmap; else null.
  const roaring_bitmap_s* bitmap() const;

 private:
  enum class Kind : std::uint8_t {
    nothing,   ///< no row can match
    items,     ///< rows_ are all rows that match
    values,    ///< the record has one of texts_, numbers_, times_, booleans_
    presence,  ///< presence_ without absence_ are all rows that match
    search,    ///< a text of the item, or of the attribute, contains or begins with needle_
  };

  void bind_in(FilterSources& sources, const Item* context);
  void bind_range(FilterSources& sources, const Item* context);
  void bind_presence(const FilterSources& sources);
  void bind_search(FilterSources& sources);
  void bind_items(FilterSources& sources, const std::vector<FilterValue>& values);
  void bind_values(FilterSources& sources, const std::vector<FilterValue>& values);
  void estimate_values(FilterSources& sources);
  bool is_category() const { return comparison_->field == FilterField::category; }
  bool has_value(std::span<const std::uint32_t> record) const;
  bool has_text(std::span<const std::uint32_t> ids) const;
  bool found(FilterSources& sources, std::string_view text) const;
  bool search(FilterSources& sources, CatalogueRow row) const;
  bool search_store(FilterSources& sources, CatalogueRow row) const;
  const Postings& searchable(const FilterSources& sources) const;
  /// Of each value after the other: a row may come more than once.
  template <typename Visit>
  bool visit_texts(const Visit& visit) const;
  template <typename Visit>
  bool visit_others(const Visit& visit) const;

  const FilterComparison* comparison_;
  Kind kind_ = Kind::nothing;
  bool has_values_ = true;
  bool exact_ = true;
  AttributeId attribute_ = 0;
  const AttributeColumn* column_ = nullptr;  ///< null if no item has the attribute
  std::uint64_t estimate_ = 0;

  std::vector<ValueTable::Id> texts_;  ///< sorted
  std::vector<NumberRange> numbers_, times_;
  bool booleans_[2] = {false, false};
  const Postings* presence_ = nullptr;
  const Postings* absence_ = nullptr;  ///< a part of presence_; null: none
  std::vector<CatalogueRow> rows_;     ///< sorted
  std::vector<std::string> items_;     ///< what an item that is not in the catalogue is compared with
  std::string needle_;
  SearchedRows* searched_ = nullptr;  ///< of reads_store()
};

}  // namespace freshet::store
