// SPDX-License-Identifier: Apache-2.0
// Values of the store's column families. The first byte chooses which.

#include "store/codec/value_codec.h"

#include "tests/fuzz/fuzz.h"

namespace freshet::fuzz {
namespace {

/// What decodes encodes, and decodes again to what encodes to the same bytes. (The first bytes may differ: a number can
/// be written longer than it need be.) `grows`: what an earlier release wrote is encoded longer.
template <typename Decode, typename Encode>
void check_round_trip(std::string_view bytes, Decode decode, Encode encode, bool grows = false) {
  const auto value = decode(bytes);
  if (!value) return;
  const std::string encoded = encode(*value);
  const auto again = decode(encoded);
  FRESHET_CHECK(again && encode(*again) == encoded && (grows || encoded.size() <= bytes.size()));
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  using fuzz::check_round_trip;
  std::string_view bytes = fuzz::to_view(data, size);
  switch (fuzz::take_choice(bytes) % 7) {
    case 0:
      check_round_trip(
          bytes, [](std::string_view b) { return store::decode_event_value(b, Timestamp{}); },
          store::encode_event_value);
      break;
    case 1: check_round_trip(bytes, store::decode_item, store::encode_item, /*grows=*/true); break;
    case 2: check_round_trip(bytes, store::decode_dedupe, store::encode_dedupe); break;
    case 3: check_round_trip(bytes, store::decode_erasure, store::encode_erasure); break;
    case 4:
      check_round_trip(
          bytes, [](std::string_view b) { return store::decode_journal_value(b, 0); }, store::encode_journal_value);
      break;
    case 6: check_round_trip(bytes, store::decode_served_list, store::encode_served_list); break;
    default:
      check_round_trip(
          bytes, [](std::string_view b) { return store::decode_rejected(b, Position{}); }, store::encode_rejected);
  }
  return 0;
}
