// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/item.h"
#include "base/sip_hash.h"
#include "store/catalogue/catalogue_listener.h"
#include "store/catalogue/postings.h"
#include "store/catalogue/row_records.h"
#include "store/catalogue/row_texts.h"
#include "store/catalogue/sorted_rows.h"
#include "store/catalogue/value_table.h"

namespace freshet::store {

/// Names of attributes and relations that all items together can have; an item's further ones are as if missing.
inline constexpr std::size_t kMaxAttributeNames = 10'000;
/// A longer text of an attribute is not searched: filters only know that the attribute is there.
inline constexpr std::size_t kMaxSearchedTextBytes = 512;

/// Attributes that every item can have; their ids. The others' ids follow.
struct BuiltInAttribute {
  static constexpr AttributeId category = 0;
  static constexpr AttributeId price = 1;
  static constexpr AttributeId available = 2;
  static constexpr AttributeId ts = 3;
  static constexpr AttributeId title = 4;  ///< in row_texts
  static constexpr AttributeId text = 5;   ///< only whether there is one
  static constexpr AttributeId count = 6;
};

/// What an attribute's values take.
struct AttributeMemory {
  std::string name;
  std::string_view
      type;  ///< "text", "number", "time", "boolean", "mixed", or "unsearched": it is only known to be there
  std::uint64_t values = 0;  ///< distinct texts, titles, and the numbers, times and booleans of all items
  std::uint64_t bytes = 0;
};

/// One attribute: where its values are, by type, since a type may differ from item to item. Texts are folded.
struct AttributeColumn {
  std::string name;
  ValueTable texts;                     ///< of categories: the paths, down to each level
  std::vector<ValueTable::Id> parents;  ///< of categories: the path without its last level, or kNone
  SortedRows numbers;
  SortedRows times;  ///< milliseconds since 1970
  Postings booleans[2];
  Postings present;    ///< rows that have the attribute
  Postings empty;      ///< of these: rows with nothing but empty texts
  RowTexts row_texts;  ///< of titles
  std::uint64_t record_words = 0;

  /// Whether `id` is `ancestor` or a category below it.
  bool at_or_below(ValueTable::Id id, ValueTable::Id ancestor) const {
    while (id != ancestor && id != ValueTable::kNone) id = parents[id];
    return id == ancestor;
  }
  std::uint64_t memory_bytes() const;
  /// Cost: as memory_bytes().
  AttributeMemory memory() const;
};

/// What filters search: for each attribute of the catalogue, which rows have which values. Changes item by item.
/// Threads: const methods may be called concurrently, others not: the catalogue's lock guards it.
/// Cost:    put(), remove(): a few microseconds, by the number of values; memory: bench/filter_bench.cc.
class AttributeColumns final : public CatalogueListener {
 public:
  explicit AttributeColumns(std::size_t max_names = kMaxAttributeNames);

  /// What the row is, instead of what it was. Attributes named as a built-in one are left out: they cannot be asked for.
  void put(CatalogueRow row, const Item& item) override;
  /// Without effect if the row is not there.
  void remove(CatalogueRow row) override;

  const Postings& rows() const { return rows_; }

  /// Null if no item has such an attribute. The names of built-in ones are "category", "price", "available", "ts",
  /// "title" and "text".
  const AttributeColumn* find(std::string_view name) const;
  const AttributeColumn& column(AttributeId id) const { return *columns_[id]; }
  /// REQUIRES: find(name) is not null
  AttributeId id_of(std::string_view name) const { return ids_.find(name)->second; }
  /// RecordReader reads it.
  std::span<const std::uint32_t> record(CatalogueRow row) const { return records_.words(row); }

  /// Of all attributes, built-in ones included, in no order.
  std::vector<std::string> names() const;

  /// Largest first.
  /// Cost: milliseconds for a million distinct values.
  std::vector<AttributeMemory> memory_by_attribute() const;
  /// What belongs to no attribute.
  std::uint64_t shared_bytes() const;
  /// The sum of both.
  std::uint64_t memory_bytes() const;

 private:
  AttributeColumn& add_column(std::string_view name, AttributeId id);
  /// The id of an attribute, made if it is new and there is room. False if there is none.
  bool id_for(std::string_view name, AttributeId& id);
  void put_built_in(CatalogueRow row, const Item& item);
  void put_attributes(CatalogueRow row, const Item& item);
  void put_value(CatalogueRow row, AttributeId id, const AttributeValue& value);
  void put_texts(CatalogueRow row, AttributeId id, std::span<const std::string> texts, bool even_if_none);
  void put_number(CatalogueRow row, AttributeId id, EntryKind kind, double number);
  void put_boolean(CatalogueRow row, AttributeId id, bool value);
  void put_categories(CatalogueRow row, std::span<const std::string> categories);
  void add_presence(CatalogueRow row);
  void remove_categories(CatalogueRow row, std::span<const std::uint32_t> ids);

  std::size_t max_names_;
  std::vector<std::unique_ptr<AttributeColumn>> columns_;  ///< by id; null if the id is free
  std::vector<AttributeId> free_ids_;
  std::unordered_map<std::string, AttributeId, TextHash, std::equal_to<>> ids_;
  Postings rows_;
  RowRecords records_;
  RecordWriter writer_;  ///< of the row that is being put
  std::string folded_;
  std::vector<ValueTable::Id> new_texts_;
};

}  // namespace freshet::store
