// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::store {
namespace {

using freshet::testing::test_seed;

std::string random_text(Random& random, std::size_t longest) {
  std::string text(random.below(longest + 1), '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

HistoryKey random_key(Random& random) {
  return {{random.below(2) == 0 ? Owner::Kind::user : Owner::Kind::session,
           random_text(random, random.below(4) == 0 ? 300 : 3)},
          timestamp_from_ms(static_cast<std::int64_t>(random.below(1'000))),
          {static_cast<std::int32_t>(random.below(3)), static_cast<std::int64_t>(random.below(50))}};
}

TEST(CodecProperty, HistoryKeysReadBackAndSortByOwnerThenNewestFirst) {
  Random random(test_seed(1));
  std::vector<HistoryKey> keys;
  for (int i = 0; i < 3000; ++i) keys.push_back(random_key(random));
  for (const HistoryKey& key : keys) EXPECT_EQ(decode_history_key(encode_history_key(key)), key);
  for (std::size_t i = 1; i < keys.size(); ++i) {
    const HistoryKey &a = keys[i - 1], &b = keys[i];
    if (a.owner != b.owner) continue;
    const auto newest_first = [](const HistoryKey& key) {
      return std::tuple(-to_ms(key.time), -key.position.partition, -key.position.offset);
    };
    EXPECT_EQ(encode_history_key(a) < encode_history_key(b), newest_first(a) < newest_first(b));
  }
}

TEST(CodecProperty, NoOwnersPrefixBeginsAnothers) {
  Random random(test_seed(2));
  for (int i = 0; i < 3000; ++i) {
    const Owner a = random_key(random).owner, b = random_key(random).owner;
    if (a != b) {
      EXPECT_FALSE(encode_owner(a).starts_with(encode_owner(b)));
    }
  }
}

TEST(CodecProperty, ValuesReadBack) {
  Random random(test_seed(3));
  for (int i = 0; i < 2000; ++i) {
    Event event;
    for (std::string* text :
         {&event.id, &event.user, &event.session, &event.item, &event.type, &event.request, &event.props}) {
      *text = random_text(random, 200);
    }
    event.value = static_cast<float>(random.uniform());
    event.time = timestamp_from_ms(static_cast<std::int64_t>(random.below(1 << 30)));
    EXPECT_EQ(decode_event_value(encode_event_value(event), event.time), event);

    Item item;
    item.item = random_text(random, 20);
    for (std::uint64_t n = random.below(5); n > 0; --n) item.categories.push_back(random_text(random, 10));
    item.price = random.uniform();
    item.available = random.below(2) == 0;
    EXPECT_EQ(decode_item(encode_item(item)), item);
    const ItemRemoval removal{timestamp_from_ms(static_cast<std::int64_t>(random.next())),
                              static_cast<std::int32_t>(random.next())};
    EXPECT_EQ(decode_removal(encode_removal(removal)), removal);
    EXPECT_TRUE(is_removal(encode_removal(removal)) && !is_removal(encode_item(item)));
  }
}

TEST(CodecProperty, EveryDecoderReturnsOnAnyBytes) {
  Random random(test_seed(4));
  std::size_t decoded = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = random_text(random, 60);
    if (!bytes.empty() && random.below(2) == 0) bytes[0] = static_cast<char>(kValueVersion);
    decoded += decode_history_key(bytes).has_value() + decode_event_value(bytes, {}).has_value() +
               decode_item(bytes).has_value() + decode_removal(bytes).has_value() + decode_dedupe(bytes).has_value() +
               decode_journal_value(bytes, 0).has_value() + decode_rejected(bytes, {}).has_value() +
               decode_position(bytes).has_value() + decode_offset(bytes).has_value();
    if (const auto key = decode_history_key(bytes)) {
      EXPECT_EQ(encode_history_key(*key), bytes);
    }
  }
  EXPECT_GT(decoded, 0U);
}

}  // namespace
}  // namespace freshet::store
