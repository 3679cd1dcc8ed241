// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/attribute_columns.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "store/catalogue/category_path.h"
#include "store/catalogue/folded_text.h"

namespace freshet::store {
namespace {

constexpr std::array<std::string_view, BuiltInAttribute::count> kBuiltIn = {"category", "price", "available",
                                                                            "ts",       "title", "text"};
/// Further names of built-in attributes, and the item's own name, which has no column.
constexpr std::array<std::string_view, 3> kOtherNames = {"categories", "time", "item"};

bool is_built_in(std::string_view name) {
  return std::ranges::find(kBuiltIn, name) != kBuiltIn.end() ||
         std::ranges::find(kOtherNames, name) != kOtherNames.end();
}

/// Calls `visit(id)` for the categories and all above them, each once.
template <typename Visit>
void visit_with_ancestors(const AttributeColumn& column, std::span<const ValueTable::Id> ids, Visit visit) {
  std::vector<ValueTable::Id> all;
  for (ValueTable::Id id : ids) {
    for (; id != ValueTable::kNone; id = column.parents[id]) all.push_back(id);
  }
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  for (const ValueTable::Id id : all) visit(id);
}

}  // namespace

std::uint64_t AttributeColumn::memory_bytes() const {
  return sizeof(AttributeColumn) + texts.memory_bytes() + parents.capacity() * sizeof(ValueTable::Id) +
         numbers.memory_bytes() + times.memory_bytes() + booleans[0].memory_bytes() + booleans[1].memory_bytes() +
         present.memory_bytes() + empty.memory_bytes() + row_texts.memory_bytes() +
         record_words * sizeof(std::uint32_t);
}

AttributeMemory AttributeColumn::memory() const {
  const std::uint64_t flags = booleans[0].size() + booleans[1].size();
  const std::array<std::pair<std::string_view, std::uint64_t>, 4> kinds{{{"text", texts.size() + row_texts.size()},
                                                                         {"number", numbers.size()},
                                                                         {"time", times.size()},
                                                                         {"boolean", flags}}};
  AttributeMemory memory{name, "unsearched", 0, memory_bytes()};
  for (const auto& [type, values] : kinds) {
    if (values > 0) memory.type = memory.values > 0 ? "mixed" : type;
    memory.values += values;
  }
  return memory;
}

AttributeColumns::AttributeColumns(std::size_t max_names) : max_names_(max_names) {
  FRESHET_CHECK(max_names + BuiltInAttribute::count <= 0xFFFF);
  for (const std::string_view name : kBuiltIn) {
    columns_.emplace_back();
    add_column(name, static_cast<AttributeId>(columns_.size() - 1));
  }
}

AttributeColumn& AttributeColumns::add_column(std::string_view name, AttributeId id) {
  columns_[id] = std::make_unique<AttributeColumn>();
  columns_[id]->name = name;
  ids_.emplace(name, id);
  return *columns_[id];
}

bool AttributeColumns::id_for(std::string_view name, AttributeId& id) {
  if (is_built_in(name)) return false;
  if (const auto known = ids_.find(name); known != ids_.end()) {
    id = known->second;
    return true;
  }
  if (ids_.size() >= max_names_ + BuiltInAttribute::count) return false;
  if (free_ids_.empty()) {
    id = static_cast<AttributeId>(columns_.size());
    columns_.emplace_back();
  } else {
    id = free_ids_.back();
    free_ids_.pop_back();
  }
  add_column(name, id);
  return true;
}

void AttributeColumns::put(CatalogueRow row, const Item& item) {
  remove(row);
  writer_.clear();
  put_built_in(row, item);
  put_attributes(row, item);
  add_presence(row);
  rows_.add(row);
  records_.set(row, writer_.words());
}

void AttributeColumns::put_built_in(CatalogueRow row, const Item& item) {
  if (!item.title.empty()) {
    fold_text(item.title, folded_);
    columns_[BuiltInAttribute::title]->row_texts.set(row, folded_);
    writer_.unsearched(BuiltInAttribute::title);
  }
  if (!item.text.empty()) writer_.unsearched(BuiltInAttribute::text);
  put_categories(row, item.categories);
  if (item.price) put_number(row, BuiltInAttribute::price, EntryKind::number, *item.price);
  put_boolean(row, BuiltInAttribute::available, item.available);
  if (to_ms(item.time) != 0) {
    put_number(row, BuiltInAttribute::ts, EntryKind::time, static_cast<double>(to_ms(item.time)));
  }
}

void AttributeColumns::put_attributes(CatalogueRow row, const Item& item) {
  AttributeId id = 0;
  for (const Attribute& attribute : item.attributes) {
    if (std::holds_alternative<std::monostate>(attribute.value) || !id_for(attribute.name, id)) continue;
    put_value(row, id, attribute.value);
  }
  for (const ItemRelation& relation : item.relations) {
    if (!relation.targets.empty() && id_for(relation.name, id)) put_texts(row, id, relation.targets, false);
  }
}

void AttributeColumns::put_value(CatalogueRow row, AttributeId id, const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    put_texts(row, id, {text, 1}, true);
  } else if (const auto* number = std::get_if<double>(&value)) {
    put_number(row, id, EntryKind::number, *number);
  } else if (const auto* boolean = std::get_if<bool>(&value)) {
    put_boolean(row, id, *boolean);
  } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    put_texts(row, id, *list, true);
  } else if (const auto* time = std::get_if<Timestamp>(&value)) {
    put_number(row, id, EntryKind::time, static_cast<double>(to_ms(*time)));
  } else {
    writer_.unsearched(id);
  }
}

void AttributeColumns::put_texts(CatalogueRow row, AttributeId id, std::span<const std::string> texts,
                                 bool even_if_none) {
  ValueTable& table = columns_[id]->texts;
  new_texts_.clear();
  bool unsearched = false;
  for (const std::string& text : texts) {
    if (text.size() > kMaxSearchedTextBytes) {
      unsearched = true;
      continue;
    }
    fold_text(text, folded_);
    const ValueTable::Id value = table.intern(folded_);
    if (table.add(value, row)) new_texts_.push_back(value);
  }
  if (unsearched) writer_.unsearched(id);
  const std::span<const ValueTable::Id> all = new_texts_;
  for (std::size_t i = 0; i < all.size(); i += RecordWriter::kMaxTexts) {
    writer_.texts(id, all.subspan(i, std::min(all.size() - i, RecordWriter::kMaxTexts)));
  }
  if (all.empty() && even_if_none && !unsearched) writer_.texts(id, {});
}

void AttributeColumns::put_number(CatalogueRow row, AttributeId id, EntryKind kind, double number) {
  if (!std::isfinite(number)) {
    writer_.unsearched(id);
    return;
  }
  (kind == EntryKind::time ? columns_[id]->times : columns_[id]->numbers).insert(number, row);
  writer_.number(id, kind, number);
}

void AttributeColumns::put_boolean(CatalogueRow row, AttributeId id, bool value) {
  columns_[id]->booleans[value ? 1 : 0].add(row);
  writer_.boolean(id, value);
}

void AttributeColumns::put_categories(CatalogueRow row, std::span<const std::string> categories) {
  AttributeColumn& column = *columns_[BuiltInAttribute::category];
  new_texts_.clear();
  for (const std::string& category : categories.first(std::min(categories.size(), kMaxCategories))) {
    if (category.size() > kMaxCategoryBytes) continue;
    ValueTable::Id parent = ValueTable::kNone;
    for (const std::string& path : category_levels(category)) {
      const ValueTable::Id id = column.texts.intern(path);
      column.texts.add(id, row);
      if (id >= column.parents.size()) column.parents.resize(std::size_t{id} + 1);
      column.parents[id] = parent;
      parent = id;
    }
    if (parent != ValueTable::kNone && std::ranges::find(new_texts_, parent) == new_texts_.end()) {
      new_texts_.push_back(parent);
    }
  }
  if (!new_texts_.empty()) writer_.texts(BuiltInAttribute::category, new_texts_);
}

void AttributeColumns::add_presence(CatalogueRow row) {
  for (RecordReader entry(writer_.words()); entry.next();) {
    AttributeColumn& column = *columns_[entry.attribute()];
    column.record_words += entry.entry_words();
    const bool first = column.present.add(row);
    const bool empty = entry.kind() == EntryKind::texts && std::ranges::all_of(entry.texts(), [&](ValueTable::Id id) {
                         return column.texts.text(id).empty();
                       });
    if (!empty) {
      column.empty.remove(row);
    } else if (first) {
      column.empty.add(row);
    }
  }
}

void AttributeColumns::remove_categories(CatalogueRow row, std::span<const std::uint32_t> ids) {
  AttributeColumn& column = *columns_[BuiltInAttribute::category];
  visit_with_ancestors(column, ids, [&](ValueTable::Id id) { column.texts.remove(id, row); });
}

void AttributeColumns::remove(CatalogueRow row) {
  if (!rows_.remove(row)) return;
  for (RecordReader entry(records_.words(row)); entry.next();) {
    const AttributeId id = entry.attribute();
    AttributeColumn& column = *columns_[id];
    column.record_words -= entry.entry_words();
    column.present.remove(row);
    column.empty.remove(row);
    switch (entry.kind()) {
      case EntryKind::texts:
        if (id == BuiltInAttribute::category) {
          remove_categories(row, entry.texts());
        } else {
          for (const ValueTable::Id text : entry.texts()) column.texts.remove(text, row);
        }
        break;
      case EntryKind::number: column.numbers.erase(entry.number(), row); break;
      case EntryKind::time: column.times.erase(entry.number(), row); break;
      case EntryKind::boolean: column.booleans[entry.boolean() ? 1 : 0].remove(row); break;
      case EntryKind::unsearched: column.row_texts.clear(row); break;
    }
  }
  // Names that nobody has any more make room for others.
  for (RecordReader entry(records_.words(row)); entry.next();) {
    const AttributeId id = entry.attribute();
    if (id < BuiltInAttribute::count || !columns_[id] || !columns_[id]->present.empty()) continue;
    ids_.erase(columns_[id]->name);
    columns_[id].reset();
    free_ids_.push_back(id);
  }
  records_.clear(row);
}

const AttributeColumn* AttributeColumns::find(std::string_view name) const {
  const auto known = ids_.find(name);
  return known == ids_.end() ? nullptr : columns_[known->second].get();
}

std::vector<std::string> AttributeColumns::names() const {
  std::vector<std::string> names;
  names.reserve(ids_.size());
  for (const auto& [name, id] : ids_) names.push_back(name);
  return names;
}

std::vector<AttributeMemory> AttributeColumns::memory_by_attribute() const {
  std::vector<AttributeMemory> memory;
  for (const auto& column : columns_) {
    if (column) memory.push_back(column->memory());
  }
  std::ranges::stable_sort(memory, std::greater<>(), &AttributeMemory::bytes);
  return memory;
}

std::uint64_t AttributeColumns::shared_bytes() const {
  return rows_.memory_bytes() + records_.overhead_bytes() + columns_.capacity() * sizeof(void*);
}

std::uint64_t AttributeColumns::memory_bytes() const {
  std::uint64_t bytes = shared_bytes();
  for (const auto& attribute : memory_by_attribute()) bytes += attribute.bytes;
  return bytes;
}

}  // namespace freshet::store
