// SPDX-License-Identifier: Apache-2.0
// Keys of the store's column families. The first byte chooses which.

#include "store/codec/key_codec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  std::string_view bytes = fuzz::to_view(data, size);
  switch (fuzz::take_choice(bytes) % 3) {
    case 0:
      if (const auto key = store::decode_history_key(bytes)) FRESHET_CHECK(store::encode_history_key(*key) == bytes);
      break;
    case 1:
      if (const auto position = store::decode_position(bytes)) {
        FRESHET_CHECK(store::encode_position(*position) == bytes);
      }
      break;
    default:
      if (const auto offset = store::decode_offset(bytes)) FRESHET_CHECK(store::encode_offset(*offset) == bytes);
  }
  return 0;
}
