// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/item.h"
#include "base/result.h"
#include "store/catalogue/attribute_columns.h"
#include "store/catalogue/filter.h"
#include "store/catalogue/filter_work.h"

namespace freshet::store {

/// What filters ask of an item that columns do not keep. Views are good until the next call or the end of the lock.
/// Threads: may be called concurrently, under the lock of the columns.
class CatalogueTexts {
 public:
  virtual ~CatalogueTexts() = default;
  virtual std::string_view item(CatalogueRow row) const = 0;
  virtual std::string_view text(CatalogueRow row) const = 0;
  virtual std::optional<CatalogueRow> find(std::string_view item) const = 0;
};

/// What a filter is asked about besides the items themselves.
struct FilterContext {
  const Item* item = nullptr;  ///< that the list is about: context.NAME; null: there is none
  bool strict = false;         ///< an attribute that no item has is an error, not a missing one
  std::uint64_t most_work = FilterWork::kUnlimited;
  std::uint64_t most_at_once = FilterWork::kUnlimited;  ///< that bind() and bind_again() do
};

/// A filter with the values that it names looked up in the columns, for one request.
/// Threads: one. The caller holds the shared lock of the catalogue whenever it calls a method: the numbers of values are
///          good only while nothing is put or removed. After a change, and while it is not complete, it calls
///          bind_again() first.
/// Owns:    the filter; refers to columns, texts, and the item of the context.
/// Cost:    bind(): a look-up per value, and for CONTAINS and STARTS WITH a pass over the attribute's distinct texts if
///          there are at most 4,096; matches(): tens of nanoseconds per comparison, no allocation. CONTAINS of text reads
///          it, once per row. All of it together: FilterContext::most_work.
class BoundFilter {
 public:
  /// Errors: invalid, if strict: an attribute that no item has, with its place and the nearest name.
  static Result<BoundFilter> bind(SharedItemFilter filter, const AttributeColumns& columns, const CatalogueTexts& texts,
                                  const FilterContext& context);
  BoundFilter(BoundFilter&&) noexcept;
  BoundFilter& operator=(BoundFilter&&) noexcept;
  ~BoundFilter();

  /// False if to look the values up is more than most_at_once: bind_again() goes on with that.
  bool is_complete() const;

  /// Looks the values up again, by what is still known of them. `changed` are the rows that have changed since; nullopt:
  /// perhaps all. most_work does not depend on how often that happens. Returns what it has cost.
  /// Errors: as bind(), if that was not complete.
  Result<std::uint64_t> bind_again(const std::optional<std::vector<CatalogueRow>>& changed);

  bool matches(CatalogueRow row) const;
  /// Of an item that is not in the catalogue: it has its name only.
  bool matches_unknown(std::string_view item) const;

  /// True if it was to do more than most_work: then what it has answered is of no use, and it answers no more.
  bool is_used_up() const;

  std::uint64_t work_left() const;

  /// How many rows match, at most.
  std::uint64_t estimate() const;

  /// Calls `visit` for each matching row, once, in no order, and stops after `limit`. Returns how many there were.
  /// Cost: as few tests as the smallest part of the filter has rows: the cheapest conjunct of AND, the union of OR.
  std::size_t enumerate(std::size_t limit, const std::function<void(CatalogueRow)>& visit) const;

  /// Rows that may match, in ascending order: all that do are among them, and nothing is searched.
  std::vector<CatalogueRow> candidates() const;

  /// The first attributes in the filter that no item has, each as an error would name it if the catalogue were strict.
  /// Cost: of each a comparison with the names of all attributes.
  std::vector<std::string> unknown_attributes() const;

  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

 private:
  struct Impl;
  explicit BoundFilter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::store
