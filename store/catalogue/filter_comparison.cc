// SPDX-License-Identifier: Apache-2.0
// What an attribute can be compared with, and how.

#include <array>
#include <utility>

#include "base/clock.h"
#include "store/catalogue/filter_parser.h"

namespace freshet::store {
namespace {

constexpr std::array<std::pair<std::string_view, FilterField>, 9> kFields = {{{"item", FilterField::item},
                                                                              {"title", FilterField::title},
                                                                              {"text", FilterField::text},
                                                                              {"category", FilterField::category},
                                                                              {"categories", FilterField::category},
                                                                              {"price", FilterField::price},
                                                                              {"available", FilterField::available},
                                                                              {"ts", FilterField::ts},
                                                                              {"time", FilterField::ts}}};

constexpr std::string_view kTimeExample = "2026-01-31T00:00:00Z";

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 64;
  std::size_t shown = std::min(text.size(), kShown);
  while (shown < text.size() && (static_cast<unsigned char>(text[shown]) & 0xC0U) == 0x80U) --shown;
  return '"' + std::string(text.substr(0, shown)) + (shown < text.size() ? "…" : "") + '"';
}

Error wrong(const FilterComparison& comparison, std::uint32_t column, const std::string& what) {
  return {Errc::invalid, comparison.place(column) + what};
}

/// A date alone is its midnight in UTC where something is before or after it.
void read_date(FilterValue& value) {
  constexpr std::size_t kDateBytes = 10;
  if (!value.time && value.text.size() == kDateBytes) value.time = parse_rfc3339(value.text + "T00:00:00Z");
}

/// Whether the values of a built-in attribute are of the type that `value` can be read as. Empty if so.
std::string wrong_type(const FilterComparison& comparison, const FilterValue& value) {
  if (value.from_context) return {};
  const std::string name = quoted(comparison.attribute);
  switch (comparison.field) {
    case FilterField::price: return value.number ? "" : name + " is a number; " + quoted(value.text) + " is not";
    case FilterField::available:
      return value.boolean ? "" : name + " is true or false; " + quoted(value.text) + " is neither";
    case FilterField::ts:
      return value.time
                 ? ""
                 : name + " is a time, such as " + std::string(kTimeExample) + "; " + quoted(value.text) + " is not";
    default: return {};
  }
}

Result<void> complete_range(FilterComparison& comparison) {
  switch (comparison.field) {
    case FilterField::item:
    case FilterField::title:
    case FilterField::text:
    case FilterField::category:
    case FilterField::available:
      return wrong(comparison, comparison.column,
                   quoted(comparison.attribute) + " has no order; numbers and times have");
    default: break;
  }
  for (auto* bound : {&comparison.low, &comparison.high}) {
    if (!*bound || (*bound)->from_context) continue;
    FilterValue& value = **bound;
    read_date(value);
    if (const std::string what = wrong_type(comparison, value); !what.empty()) {
      return wrong(comparison, value.column, what);
    }
    if (!value.number && !value.time) {
      return wrong(comparison, value.column,
                   "only numbers and times, such as " + std::string(kTimeExample) + ", have an order; " +
                       quoted(value.text) + " is neither");
    }
  }
  const auto &low = comparison.low, &high = comparison.high;
  if (low && high && !low->from_context && !high->from_context && low->number.has_value() != high->number.has_value()) {
    return wrong(comparison, high->column, "a range is from number to number or from time to time");
  }
  return {};
}

Result<void> complete_in(const FilterComparison& comparison) {
  if (comparison.field == FilterField::title || comparison.field == FilterField::text) {
    return wrong(comparison, comparison.column,
                 quoted(comparison.attribute) + " is searched by CONTAINS, STARTS WITH and EXISTS only");
  }
  for (const FilterValue& value : comparison.values) {
    if (const std::string what = wrong_type(comparison, value); !what.empty()) {
      return wrong(comparison, value.column, what);
    }
  }
  return {};
}

Result<void> complete_contains(const FilterComparison& comparison) {
  switch (comparison.field) {
    case FilterField::price:
    case FilterField::available:
    case FilterField::ts:
      return wrong(comparison, comparison.column, quoted(comparison.attribute) + " is no text to be searched");
    default: break;
  }
  for (const FilterValue& value : comparison.values) {
    if (value.from_context) return wrong(comparison, value.column, "a text is expected here, not one of the context");
  }
  return {};
}

}  // namespace

void set_filter_attribute(FilterComparison& comparison, std::string_view name) {
  comparison.attribute = name;
  for (const auto& [known, field] : kFields) {
    if (known == name) comparison.field = field;
  }
}

Result<void> complete_comparison(FilterComparison& comparison, FilterBudget& budget) {
  const std::size_t values = comparison.values.size() + 1;
  if (values > budget.values) {
    return wrong(comparison, comparison.column,
                 "more than " + std::to_string(kMaxFilterValues) + " comparisons and values");
  }
  budget.values -= values;
  switch (comparison.op) {
    case FilterOperator::in: return complete_in(comparison);
    case FilterOperator::range: return complete_range(comparison);
    case FilterOperator::contains:
    case FilterOperator::starts_with: return complete_contains(comparison);
    default: break;
  }
  const bool may_be_absent = comparison.field == FilterField::title || comparison.field == FilterField::text ||
                             comparison.field == FilterField::category;
  if (may_be_absent && comparison.op != FilterOperator::exists) {
    // An item without a title has an empty one, and no categories are an empty list of them.
    comparison.negated ^= comparison.op == FilterOperator::empty;
    comparison.op = FilterOperator::exists;
  }
  return {};
}

}  // namespace freshet::store
