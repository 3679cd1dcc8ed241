// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter_leaf.h"

#include <cstring>

#include <algorithm>
#include <utility>

#include "store/catalogue/category_path.h"
#include "store/catalogue/filter_context.h"
#include "store/catalogue/folded_text.h"
#include "store/catalogue/row_bitmap.h"

namespace freshet::store {
namespace {

/// An attribute with at most so many distinct texts has them searched once per request instead of once per row.
constexpr std::size_t kMaxSearchedTexts = 4096;

template <typename T>
void sort_and_unite(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

void add_numbers(std::vector<double> numbers, std::vector<NumberRange>& ranges) {
  sort_and_unite(numbers);
  for (const double number : numbers) ranges.push_back(NumberRange::only(number));
}

/// `ranges` are sorted and have nothing in common.
bool in_any(const std::vector<NumberRange>& ranges, double number) {
  const auto range = std::ranges::partition_point(ranges, [&](const NumberRange& r) { return r.after(number); });
  return range != ranges.end() && range->contains(number);
}

std::optional<double> as_number(const FilterValue& value) { return value.number; }
std::optional<double> as_time(const FilterValue& value) {
  return value.time ? std::optional(static_cast<double>(to_ms(*value.time))) : std::nullopt;
}

AttributeId built_in_id(FilterField field) {
  switch (field) {
    case FilterField::category: return BuiltInAttribute::category;
    case FilterField::price: return BuiltInAttribute::price;
    case FilterField::available: return BuiltInAttribute::available;
    case FilterField::ts: return BuiltInAttribute::ts;
    case FilterField::title: return BuiltInAttribute::title;
    default: return BuiltInAttribute::text;
  }
}

}  // namespace

FilterLeaf::FilterLeaf(const FilterComparison& comparison, FilterSources& sources, const Item* context)
    : comparison_(&comparison) {
  if (comparison.field == FilterField::attribute) {
    column_ = sources.columns.find(comparison.attribute);
    if (column_) attribute_ = sources.columns.id_of(comparison.attribute);
  } else if (comparison.field != FilterField::item) {
    attribute_ = built_in_id(comparison.field);
    column_ = &sources.columns.column(attribute_);
  }
  switch (comparison.op) {
    case FilterOperator::in: bind_in(sources, context); break;
    case FilterOperator::range: bind_range(sources, context); break;
    case FilterOperator::contains:
    case FilterOperator::starts_with:
      bind_search(sources);
      if (kind_ == Kind::search) estimate_ = column_ ? column_->present.size() : sources.columns.rows().size();
      break;
    default: bind_presence(sources);
  }
}

void FilterLeaf::bind_in(FilterSources& sources, const Item* context) {
  std::vector<FilterValue> of_context;
  const std::vector<FilterValue>* values = &comparison_->values;
  if (values->size() == 1 && values->front().from_context) {
    if (context) of_context = values_of(*context, values->front().text);
    has_values_ = !of_context.empty();
    values = &of_context;
  }
  if (!sources.work.take(values->size())) return;
  if (comparison_->field == FilterField::item) {
    bind_items(sources, *values);
  } else if (column_) {
    bind_values(sources, *values);
  }
}

void FilterLeaf::bind_items(FilterSources& sources, const std::vector<FilterValue>& values) {
  kind_ = Kind::items;
  for (const FilterValue& value : values) {
    items_.push_back(value.text);
    if (const auto row = sources.texts.find(value.text)) rows_.push_back(*row);
  }
  sort_and_unite(items_);
  sort_and_unite(rows_);
  estimate_ = rows_.size();
}

void FilterLeaf::bind_values(FilterSources& sources, const std::vector<FilterValue>& values) {
  kind_ = Kind::values;
  std::vector<double> numbers, times;
  for (const FilterValue& value : values) {
    const ValueTable::Id id = column_->texts.find(is_category() ? category_path(value.text) : value.folded);
    if (id != ValueTable::kNone) texts_.push_back(id);
    if (value.number) numbers.push_back(*value.number);
    if (const auto time = as_time(value)) times.push_back(*time);
    if (value.boolean) booleans_[*value.boolean ? 1 : 0] = true;
  }
  sort_and_unite(texts_);
  add_numbers(std::move(numbers), numbers_);
  add_numbers(std::move(times), times_);
  estimate_values(sources);
}

void FilterLeaf::bind_range(FilterSources& sources, const Item* context) {
  std::optional<FilterValue> low = comparison_->low, high = comparison_->high;
  for (auto* bound : {&low, &high}) {
    if (!*bound || !(*bound)->from_context) continue;
    auto values = context ? values_of(*context, (*bound)->text) : std::vector<FilterValue>();
    has_values_ = values.size() == 1 && (values[0].number || values[0].time);
    if (!has_values_) return;
    *bound = std::move(values[0]);
  }
  if (!column_) return;
  kind_ = Kind::values;
  const auto add = [&](auto read, std::vector<NumberRange>& ranges) {
    NumberRange range;
    range.low_inclusive = comparison_->low_inclusive;
    range.high_inclusive = comparison_->high_inclusive;
    const auto from = low ? read(*low) : std::optional(range.low);
    const auto to = high ? read(*high) : std::optional(range.high);
    if (!from || !to) return;
    range.low = *from;
    range.high = *to;
    ranges.push_back(range);
  };
  add(as_number, numbers_);
  add(as_time, times_);
  estimate_values(sources);
}

void FilterLeaf::bind_presence(const FilterSources& sources) {
  if (comparison_->field == FilterField::item) {
    if (comparison_->op == FilterOperator::empty) return;
    presence_ = &sources.columns.rows();
  } else if (column_) {
    presence_ = comparison_->op == FilterOperator::empty ? &column_->empty : &column_->present;
    if (comparison_->op == FilterOperator::not_empty) absence_ = &column_->empty;
  } else {
    return;
  }
  kind_ = Kind::presence;
  estimate_ = presence_->size() - (absence_ ? absence_->size() : 0);
}

void FilterLeaf::bind_search(FilterSources& sources) {
  const FilterValue& value = comparison_->values.front();
  needle_ = is_category() ? category_path(value.text) : value.folded;
  const bool of_item = comparison_->field != FilterField::attribute && !is_category();
  if (of_item || (column_ && column_->texts.size() > kMaxSearchedTexts)) {
    kind_ = Kind::search;
    exact_ = false;
    if (reads_store()) searched_ = &sources.searched_by(*comparison_);
  } else if (column_) {
    kind_ = Kind::values;
    FoundValues& known = sources.found_by(*comparison_);
    if (known.column == column_ && known.version == column_->texts.version()) {
      if (sources.work.take(known.work)) sources.remembered += known.work;
    } else {
      const std::uint64_t before = sources.work.left();
      known = {column_, column_->texts.version(), {}, 0};
      column_->texts.visit([&](ValueTable::Id id) {
        if (found(sources, column_->texts.text(id))) known.ids.push_back(id);
      });
      known.work = before - sources.work.left();
    }
    texts_ = known.ids;
    estimate_values(sources);
  }
}

void FilterLeaf::estimate_values(FilterSources& sources) {
  std::size_t places = 0;
  const auto count = [&](std::uint64_t rows) {
    sources.work.take(1 + rows / FilterWork::kRowsPerCountUnit);
    estimate_ += rows;
    places += rows > 0 ? 1 : 0;
  };
  for (const ValueTable::Id id : texts_) count(column_->texts.rows(id).size());
  for (const NumberRange& range : numbers_) count(column_->numbers.count(range));
  for (const NumberRange& range : times_) count(column_->times.count(range));
  for (const bool value : {false, true}) {
    if (booleans_[value ? 1 : 0]) count(column_->booleans[value ? 1 : 0].size());
  }
  exact_ = places <= 1;
}

bool FilterLeaf::found(FilterSources& sources, std::string_view text) const {
  if (comparison_->op != FilterOperator::contains) return sources.work.take(1) && text.starts_with(needle_);
  const std::uint64_t passes = 1 + needle_.size() / FilterWork::kNeedlePerSearch;
  if (!sources.work.take(1 + text.size() * passes / FilterWork::kSearchedPerUnit)) return false;
  // Unlike find(), its time is not in proportion to the needle.
  return memmem(text.data(), text.size(), needle_.data(), needle_.size()) != nullptr;
}

bool FilterLeaf::has_text(std::span<const std::uint32_t> ids) const {
  const auto is_wanted = [&](ValueTable::Id id) {
    return texts_.size() == 1 ? id == texts_[0] : std::ranges::binary_search(texts_, id);
  };
  if (!is_category()) return std::ranges::any_of(ids, is_wanted);
  return std::ranges::any_of(ids, [&](ValueTable::Id id) {
    while (id != ValueTable::kNone && !is_wanted(id)) id = column_->parents[id];
    return id != ValueTable::kNone;
  });
}

bool FilterLeaf::has_value(std::span<const std::uint32_t> record) const {
  for (RecordReader entry(record); entry.next();) {
    if (entry.attribute() != attribute_) continue;
    switch (entry.kind()) {
      case EntryKind::texts:
        if (!texts_.empty() && has_text(entry.texts())) return true;
        break;
      case EntryKind::number:
        if (in_any(numbers_, entry.number())) return true;
        break;
      case EntryKind::time:
        if (in_any(times_, entry.number())) return true;
        break;
      case EntryKind::boolean:
        if (booleans_[entry.boolean() ? 1 : 0]) return true;
        break;
      case EntryKind::unsearched: break;
    }
  }
  return false;
}

namespace {

/// The record of a row, which is about to be read to its end.
std::span<const std::uint32_t> record_of(FilterSources& sources, CatalogueRow row) {
  const auto record = sources.columns.record(row);
  sources.work.take(record.size() / FilterWork::kWordsPerUnit);
  return record;
}

}  // namespace

bool FilterLeaf::search(FilterSources& sources, CatalogueRow row) const {
  if (column_ && (comparison_->field == FilterField::attribute || is_category())) {
    for (RecordReader entry(record_of(sources, row)); entry.next();) {
      if (entry.attribute() != attribute_ || entry.kind() != EntryKind::texts) continue;
      const auto is_found = [&](ValueTable::Id id) { return found(sources, column_->texts.text(id)); };
      if (std::ranges::any_of(entry.texts(), is_found)) return true;
    }
    return false;
  }
  if (column_ && !column_->present.contains(row)) return false;
  switch (comparison_->field) {
    case FilterField::item: return found(sources, sources.folded_name(row));
    case FilterField::title: return found(sources, column_->row_texts.text(row));
    default: return search_store(sources, row);
  }
}

bool FilterLeaf::search_store(FilterSources& sources, CatalogueRow row) const {
  roaring_bitmap_t* const matching = searched_->matching.get();
  if (roaring_bitmap_contains(searched_->searched.get(), row)) return roaring_bitmap_contains(matching, row);
  const bool matches = found(sources, sources.folded_text(row));
  if (sources.work.used_up()) return false;
  roaring_bitmap_add(searched_->searched.get(), row);
  if (matches) roaring_bitmap_add(matching, row);
  return matches;
}

bool FilterLeaf::matches(FilterSources& sources, CatalogueRow row) const {
  if (!sources.work.take(1)) return false;
  switch (kind_) {
    case Kind::nothing: return false;
    case Kind::items: return std::ranges::binary_search(rows_, row);
    case Kind::values: return has_value(record_of(sources, row));
    case Kind::presence: return presence_->contains(row) && !(absence_ && absence_->contains(row));
    case Kind::search: return search(sources, row);
  }
  return false;
}

bool FilterLeaf::matches_unknown(FilterSources& sources, std::string_view item) const {
  if (!sources.work.take(1)) return false;
  if (comparison_->field != FilterField::item) return false;
  switch (comparison_->op) {
    case FilterOperator::in: return std::ranges::binary_search(items_, item);
    case FilterOperator::empty: return false;
    case FilterOperator::contains:
    case FilterOperator::starts_with: return found(sources, folded(item));
    default: return true;
  }
}

template <typename Visit>
bool FilterLeaf::visit_texts(const Visit& visit) const {
  return std::ranges::all_of(texts_, [&](ValueTable::Id id) { return column_->texts.rows(id).visit(visit); });
}

template <typename Visit>
bool FilterLeaf::visit_others(const Visit& visit) const {
  for (const NumberRange& range : numbers_) {
    if (!column_->numbers.visit(range, visit)) return false;
  }
  for (const NumberRange& range : times_) {
    if (!column_->times.visit(range, visit)) return false;
  }
  for (const bool value : {false, true}) {
    if (booleans_[value ? 1 : 0] && !column_->booleans[value ? 1 : 0].visit(visit)) return false;
  }
  return true;
}

bool FilterLeaf::visit(FilterSources& sources, const VisitRow& visit) const {
  const auto visit_present = [&](CatalogueRow row) { return (absence_ && absence_->contains(row)) || visit(row); };
  const auto visit_found = [&](CatalogueRow row) {
    const bool matches = sources.work.take(1) && search(sources, row);
    return !sources.work.used_up() && (!matches || visit(row));
  };
  switch (kind_) {
    case Kind::nothing: return true;
    case Kind::items: return std::ranges::all_of(rows_, visit);
    case Kind::presence: return presence_->visit(visit_present);
    case Kind::search: return searchable(sources).visit(visit_found);
    case Kind::values: break;
  }
  if (exact_) return visit_texts(visit) && visit_others(visit);
  if (!sources.work.take(estimate_)) return false;
  const RowBitmap rows = make_bitmap();
  for (const ValueTable::Id id : texts_) column_->texts.rows(id).add_to(rows.get());
  const auto add = [&](CatalogueRow row) { return roaring_bitmap_add(rows.get(), row), true; };
  visit_others(add);
  return visit_bitmap(rows.get(), visit);
}

const Postings& FilterLeaf::searchable(const FilterSources& sources) const {
  return column_ ? column_->present : sources.columns.rows();
}

bool FilterLeaf::visit_candidates(FilterSources& sources, const VisitRow& visit_row) const {
  return is_slow() ? searchable(sources).visit(visit_row) : visit(sources, visit_row);
}

const roaring_bitmap_s* FilterLeaf::bitmap() const {
  if (kind_ == Kind::presence && !absence_) return presence_->bitmap();
  if (kind_ != Kind::values || !exact_) return nullptr;
  if (texts_.size() == 1) return column_->texts.rows(texts_[0]).bitmap();
  for (const bool value : {false, true}) {
    if (booleans_[value ? 1 : 0]) return column_->booleans[value ? 1 : 0].bitmap();
  }
  return nullptr;
}

}  // namespace freshet::store
