// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "store/catalogue/filter_parser.h"
#include "store/catalogue/folded_text.h"

namespace freshet::store {
namespace {

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

std::uint64_t bytes_of(const std::string& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; }

std::uint64_t bytes_of(const FilterValue& value) {
  return sizeof(FilterValue) + bytes_of(value.text) + bytes_of(value.folded);
}

std::uint64_t bytes_of(const std::optional<FilterValue>& value) { return value ? bytes_of(*value) : 0; }

std::uint64_t bytes_of(const FilterNode& node) {
  std::uint64_t bytes = sizeof(FilterNode);
  for (const FilterNode& child : node.children) bytes += bytes_of(child);
  if (!node.comparison) return bytes;
  const FilterComparison& comparison = *node.comparison;
  bytes += sizeof(FilterComparison) + bytes_of(comparison.attribute) + bytes_of(comparison.path) +
           bytes_of(comparison.low) + bytes_of(comparison.high);
  for (const FilterValue& value : comparison.values) bytes += bytes_of(value);
  return bytes;
}

}  // namespace

FilterValue make_filter_value(std::string_view text) {
  FilterValue value;
  value.text = text;
  value.folded = folded(text);
  value.number = parse_number(text);
  if (value.folded == "true" || value.folded == "false") value.boolean = value.folded == "true";
  value.time = parse_rfc3339(text);
  return value;
}

std::string FilterComparison::place(std::uint32_t at_column) const {
  std::string text = path;
  if (at_column > 0) text += (path.empty() ? "col " : " col ") + std::to_string(at_column);
  return text.empty() ? text : text + ": ";
}

ItemFilter::ItemFilter(FilterNode root) : root_(std::move(root)), memory_bytes_(sizeof(ItemFilter) + bytes_of(root_)) {}

Result<SharedItemFilter> parse_filter(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && (text[begin] == '[' || text[begin] == '{');
  auto root = json ? parse_filter_json(text) : parse_filter_text(text);
  if (!root) return root.error();
  return std::make_shared<const ItemFilter>(std::move(*root));
}

}  // namespace freshet::store
