// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/item_encoder.h"

#include "base/check.h"
#include "base/item_json.h"
#include "base/json_text.h"
#include "ingest/codec/item_fields.h"

namespace freshet::ingest {
namespace {

constexpr std::string_view kItemKey = "$item/";
constexpr std::string_view kPatchKey = "$patch/";

std::string_view name_of(ItemChange::Kind kind) {
  switch (kind) {
    case ItemChange::Kind::put: return "put";
    case ItemChange::Kind::patch: return "patch";
    case ItemChange::Kind::remove: return "delete";
  }
  FRESHET_CHECK(false);
}

/// The name of the one field that the patch sets, "attributes.color" for an entry with a name of its own.
std::string field_of(const ItemChange& patch) {
  const Item& item = patch.item;
  if (!item.attributes.empty()) return "attributes." + item.attributes.front().name;
  if (!item.vectors.empty()) return "vectors." + item.vectors.front().name;
  if (!item.relations.empty()) return "relations." + item.relations.front().name;
  return std::to_string(patch.fields);
}

}  // namespace

std::string encode_item_change(const ItemChange& change) {
  std::string out = "{\"type\":";
  append_json_text(out, kItemType);
  out.append(R"(,"op":")").append(name_of(change.kind)).append(R"(","item":)");
  append_json_text(out, change.item.item);
  if (change.kind != ItemChange::Kind::remove) {
    out += ",\"fields\":{";
    append_item_fields(out, change.item, change.fields);
    out += '}';
  }
  out += '}';
  return out;
}

std::string state_key(const ItemChange& change) {
  const std::string& item = change.item.item;
  if (change.kind != ItemChange::Kind::patch) {
    return item.starts_with('$') ? std::string(kItemKey).append(item) : item;
  }
  const std::string field = field_of(change);
  return std::string(kPatchKey).append(std::to_string(field.size())).append("/").append(field).append("/").append(item);
}

std::string_view item_of_state_key(std::string_view key) {
  if (key.starts_with(kItemKey)) return key.substr(kItemKey.size());
  return key.starts_with('$') ? std::string_view() : key;
}

std::vector<ItemChange> split_patch(const ItemChange& patch) {
  std::vector<ItemChange> patches;
  const auto add = [&]() -> ItemChange& {
    ItemChange& one = patches.emplace_back(ItemChange{.kind = ItemChange::Kind::patch, .item = {}});
    one.item.item = patch.item.item;
    return one;
  };
  const auto add_field = [&](ItemField field, auto member) {
    if (!patch.sets(field)) return;
    ItemChange& one = add();
    one.set(field);
    one.item.*member = patch.item.*member;
  };
  const auto add_entries = [&](ItemField field, auto member) {
    if (patch.sets(field)) add().set(field);
    for (const auto& entry : patch.item.*member) (add().item.*member).push_back(entry);
  };
  add_field(ItemField::title, &Item::title);
  add_field(ItemField::text, &Item::text);
  add_field(ItemField::categories, &Item::categories);
  add_field(ItemField::price, &Item::price);
  add_field(ItemField::available, &Item::available);
  add_field(ItemField::time, &Item::time);
  add_entries(ItemField::attributes, &Item::attributes);
  add_entries(ItemField::vectors, &Item::vectors);
  add_entries(ItemField::relations, &Item::relations);
  return patches;
}

}  // namespace freshet::ingest
