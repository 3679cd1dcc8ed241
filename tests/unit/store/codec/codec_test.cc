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

TEST(ValueCodec, AnUnknownVersionIsRefused) {
  std::string bytes = encode_event_value(Event{});
  bytes[0] = 2;
  EXPECT_FALSE(decode_event_value(bytes, {}));
}

}  // namespace
}  // namespace freshet::store
