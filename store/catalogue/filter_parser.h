// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/catalogue/filter.h"

/// The two ways to write a filter, for parse_filter().
namespace freshet::store {

/// What may still come, over all texts of one filter.
struct FilterBudget {
  std::size_t values = kMaxFilterValues;
};

/// `path` is where the text is in JSON; empty if it is the whole filter.
Result<FilterNode> parse_filter_text(std::string_view text, const std::string& path, FilterBudget& budget);
Result<FilterNode> parse_filter_text(std::string_view text);

Result<FilterNode> parse_filter_json(std::string_view json);

/// Which attribute a name means; sets comparison.field.
void set_filter_attribute(FilterComparison& comparison, std::string_view name);

/// Makes the comparison a range with one bound; `symbol` is <, <=, > or >=.
void set_bound(FilterComparison& comparison, std::string_view symbol, FilterValue value);

/// Completes a comparison that has been read: says what is wrong with its attribute, operator and values together, and
/// brings dates that a range begins or ends at, and the emptiness of built-in attributes, into their final form.
Result<void> complete_comparison(FilterComparison& comparison, FilterBudget& budget);

}  // namespace freshet::store
