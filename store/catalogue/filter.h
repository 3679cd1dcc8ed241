// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace freshet::store {

inline constexpr std::size_t kMaxFilterTextBytes = 16 << 10;
inline constexpr std::size_t kMaxFilterJsonBytes = 512 << 10;
inline constexpr std::size_t kMaxFilterDepth = 64;       ///< of parentheses, NOT, and JSON
inline constexpr std::size_t kMaxFilterValues = 10'000;  ///< of all comparisons together

/// What an attribute is compared with, as everything that its text can be read as: 500 and "500" are the number and the
/// text. `context.NAME` is the attribute NAME of the item that the list is about.
struct FilterValue {
  std::string text;  ///< as written; of the context: the attribute
  std::string folded;
  std::optional<double> number;
  std::optional<bool> boolean;
  std::optional<Timestamp> time;
  bool from_context = false;
  std::uint32_t column = 0;  ///< where it is in the text of the filter, in characters from 1
};

FilterValue make_filter_value(std::string_view text);

/// Which attribute: a built-in one, or another one by its name.
enum class FilterField : std::uint8_t { item, title, text, category, price, available, ts, attribute };

enum class FilterOperator : std::uint8_t { in, range, exists, empty, not_empty, contains, starts_with };

/// One comparison. `=` is `in` with one value; `<`, `TO` and their kin are `range` with one or two bounds.
struct FilterComparison {
  FilterField field = FilterField::attribute;
  std::string attribute;  ///< as written
  FilterOperator op = FilterOperator::in;
  bool negated = false;  ///< !=, NOT IN, NOT EXISTS, NOT CONTAINS, NOT STARTS WITH
  std::vector<FilterValue> values;
  std::optional<FilterValue> low, high;
  bool low_inclusive = true;
  bool high_inclusive = true;
  std::string path;          ///< of JSON: where it is, "[0][2]"; empty: it is all of it
  std::uint32_t column = 0;  ///< of the attribute

  /// "col 7: ", "[0][2]: ", "[0][2] col 7: ": in front of messages. Empty if it is the whole JSON.
  std::string place(std::uint32_t at_column) const;
};

struct FilterNode {
  enum class Kind : std::uint8_t { all, any, negation, comparison };
  Kind kind = Kind::all;
  std::vector<FilterNode> children;  ///< of a negation: one; of `all` and `any`: perhaps none
  std::unique_ptr<FilterComparison> comparison;
};

/// A filter as docs/catalogue.md describes it, parsed. Immutable.
/// Threads: may be used concurrently.
class ItemFilter {
 public:
  explicit ItemFilter(FilterNode root);

  const FilterNode& root() const { return root_; }
  std::uint64_t memory_bytes() const { return memory_bytes_; }

 private:
  FilterNode root_;
  std::uint64_t memory_bytes_ = 0;
};

using SharedItemFilter = std::shared_ptr<const ItemFilter>;

/// The filter that `text` says; JSON if it begins with '[' or '{'. Nothing but white space: a filter that lets all pass.
/// Errors: invalid, with the place: `col 7: expected a value after "<"`, `[0][2]: ...`.
/// Cost:   about a microsecond per comparison.
Result<SharedItemFilter> parse_filter(std::string_view text);

}  // namespace freshet::store
