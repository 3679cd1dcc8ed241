// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"

namespace freshet::store {
namespace {

TEST(KeyCodec, TheFormatOnDiskIsPinned) {
  const HistoryKey key{{Owner::Kind::session, "ab"}, timestamp_from_ms(1), {2, 3}};
  const std::string expected = std::string("\x01\x02", 2) + "ab" + std::string(7, '\xff') + '\xfe' +
                               std::string(3, '\xff') + '\xfd' + std::string(7, '\xff') + '\xfc';
  EXPECT_EQ(encode_history_key(key), expected);
  EXPECT_EQ(encode_position({1, 2}), std::string("\0\0\0\1\0\0\0\0\0\0\0\2", 12));
  EXPECT_EQ(encode_offset(258), std::string("\0\0\0\0\0\0\1\2", 8));
}

TEST(ValueCodec, TheFormatOnDiskIsPinned) {
  Event event;
  event.user = "u";
  event.item = "i";
  event.value = 0;
  EXPECT_EQ(encode_event_value(event), std::string("\x01\x00\x01u\x00\x01i\x04view\0\0\0\0\0\0", 18));
}

TEST(ValueCodec, TheFormatOfListsOnDiskIsPinned) {
  const ServedList list{"r", "", "home", "", "p", 300, {{"i", 1.5F}, {"j", 0, 0.5F}}};
  const std::string bytes = encode_served_list(list);
  EXPECT_EQ(
      bytes,
      std::string("\x01\x01r\x00\x04home\x00\x01p\xac\x02\x02\x01i\0\0\xc0\x3f\x01j\0\0\0\0\x01\x01\0\0\0\x3f", 33));
  EXPECT_EQ(decode_served_list(bytes), list);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_served_list(bytes.substr(0, size)));
  std::string beyond = bytes;
  beyond[28] = 2;  // the place of the one that came by chance
  EXPECT_FALSE(decode_served_list(beyond));
}

TEST(ValueCodec, AnUnknownVersionIsRefused) {
  std::string bytes = encode_event_value(Event{});
  bytes[0] = 2;
  EXPECT_FALSE(decode_event_value(bytes, {}));
}

}  // namespace
}  // namespace freshet::store
