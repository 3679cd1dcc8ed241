// SPDX-License-Identifier: Apache-2.0
// The first byte chooses what the rest is: an entry that is put, one that patches, or a record of the state topic, whose first
// line is its key.

#include "ingest/codec/item_decoder.h"
#include "ingest/codec/item_encoder.h"

#include <simdjson.h>

#include <string>

#include "tests/fuzz/fuzz.h"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMaxMessageBytes = 400;

Result<ItemChange> decode(ingest::ItemDecoder& decoder, std::string_view bytes) {
  switch (take_choice(bytes) % 3) {
    case 0: return decoder.decode_entry(bytes, ItemChange::Kind::put, "i");
    case 1: return decoder.decode_entry(bytes, ItemChange::Kind::patch, "");
    default: break;
  }
  const std::string key(take_line(bytes));
  return decoder.decode_state(key, bytes);
}

/// What every reader of the log must see in the record of a change.
void check_record(ingest::ItemDecoder& decoder, const ItemChange& change) {
  const auto again = decoder.decode_state("", ingest::encode_item_change(change));
  FRESHET_CHECK(again && *again == change);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static ingest::ItemDecoder decoder{ingest::VectorDimensions{{"image", 2}}};
  const auto change = fuzz::decode(decoder, fuzz::to_view(data, size));
  if (!change) {
    FRESHET_CHECK(change.error().code == Errc::invalid && change.error().message.size() <= fuzz::kMaxMessageBytes);
    FRESHET_CHECK(simdjson::validate_utf8(change.error().message));
    return 0;
  }
  FRESHET_CHECK(!change->item.item.empty());
  fuzz::check_record(decoder, *change);
  if (change->kind != ItemChange::Kind::patch) return 0;
  Item whole, by_fields;
  whole.item = by_fields.item = change->item.item;
  apply(*change, whole);
  for (const ItemChange& patch : ingest::split_patch(*change)) {
    fuzz::check_record(decoder, patch);
    apply(patch, by_fields);
  }
  FRESHET_CHECK(whole == by_fields);
  return 0;
}
