// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/item_decoder.h"

#include <simdjson.h>

#include <utility>

#include "base/check.h"
#include "ingest/codec/item_encoder.h"
#include "ingest/codec/item_fields.h"
#include "ingest/codec/json_members.h"

namespace freshet::ingest {
namespace {

using simdjson::dom::object;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kUsualBytes = 4096;

bool is_record(const object& members) {
  std::string_view type;
  return members.at_key("type").get(type) == simdjson::SUCCESS && type == kItemType;
}

/// A change that is about the item `name`.
ItemChange change_of(ItemChange::Kind kind, std::string_view name) {
  ItemChange change{.kind = kind, .item = {}};
  change.item.item = name;
  return change;
}

}  // namespace

struct ItemDecoder::Impl {
  explicit Impl(std::optional<VectorDimensions> the_vectors) : vectors(std::move(the_vectors)) {
    FRESHET_CHECK(parser.allocate(kUsualBytes, kMaxDepth) == simdjson::SUCCESS);  // grows with longer records
  }

  /// `what`: for messages.
  bool parse(std::string_view what, std::string_view text, object& members, Fault& fault) {
    return check_length(text.size(), kMaxItemRecordBytes, what, fault) &&
           parse_object(parser, text, padded, members, fault);
  }

  const VectorDimensions* allowed() const { return vectors ? &*vectors : nullptr; }

  const std::optional<VectorDimensions> vectors;
  simdjson::dom::parser parser;
  std::string padded;
};

ItemDecoder::ItemDecoder(std::optional<VectorDimensions> vectors) : impl_(std::make_unique<Impl>(std::move(vectors))) {}
ItemDecoder::~ItemDecoder() = default;

Result<ItemChange> ItemDecoder::decode_entry(std::string_view text, ItemChange::Kind kind, std::string_view name) {
  ItemChange change = change_of(kind, name);
  Fault fault;
  object members;
  if (impl_->parse("the item's JSON", text, members, fault) &&
      read_item_fields(members, json_of(impl_->padded), impl_->allowed(), change, fault)) {
    return change;
  }
  return Error{Errc::invalid, std::move(fault)};
}

Result<ItemChange> ItemDecoder::decode_state(std::string_view key, std::string_view value) {
  const std::string_view name = item_of_state_key(key);
  Fault fault;
  if (value.empty()) {
    if (name.empty()) return Error{Errc::invalid, "key: names no item"};
    if (check_text(name, "key", fault)) return change_of(ItemChange::Kind::remove, name);
    return Error{Errc::invalid, std::move(fault)};
  }
  ItemChange change = change_of(ItemChange::Kind::put, name);
  object members;
  if (check_text(name, "key", fault) && impl_->parse("record", value, members, fault)) {
    const auto read = is_record(members) ? read_item_record : read_item_fields;
    if (read(members, json_of(impl_->padded), impl_->allowed(), change, fault)) return change;
  }
  return Error{Errc::invalid, std::move(fault)};
}

}  // namespace freshet::ingest
