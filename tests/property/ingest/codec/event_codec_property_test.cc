// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "ingest/codec/event_splitter.h"
#include "tests/support/test_seed.h"

namespace freshet::ingest {
namespace {

constexpr int kEvents = 20'000;
constexpr int kMutations = 100'000;
const Timestamp kArrival = timestamp_from_ms(1'800'000'000'000);

/// Events of all kinds: any script, control characters, empty and longest fields, extreme numbers.
class RandomEvents {
 public:
  explicit RandomEvents(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string id(bool required) {
    if (!required && one_in(2)) return "";
    const std::size_t limit = one_in(20) ? kMaxIdBytes : 1 + below(20);
    std::string text;
    while (true) {
      const std::string character = any_character();
      if (text.size() + character.size() > limit) break;
      text += character;
    }
    return text.empty() ? "x" : text;
  }

  float value() {
    const std::array<float, 8> special{0.0F,
                                       1.0F,
                                       -1.0F,
                                       std::numeric_limits<float>::max(),
                                       std::numeric_limits<float>::lowest(),
                                       std::numeric_limits<float>::min(),
                                       std::numeric_limits<float>::denorm_min(),
                                       16777217.0F};
    if (one_in(3)) return special[below(special.size())];
    while (true) {
      const auto bits = static_cast<std::uint32_t>(random_());
      float number = 0;
      std::memcpy(&number, &bits, sizeof number);
      if (std::isfinite(number)) return number;
    }
  }

  std::string json(int depth) {
    switch (below(depth > 3 ? 5 : 7)) {
      case 0: return "null";
      case 1: return one_in(2) ? "true" : "false";
      case 2: return std::to_string(static_cast<std::int64_t>(random_()));
      case 3: return std::to_string(static_cast<double>(static_cast<std::int64_t>(random_())) / 1024.0);
      case 4: return "\"" + std::string(below(12), 'p') + "\\u00fc\\\"\xC3\xBC\"";
      case 5: {
        std::string out = "[";
        for (std::size_t i = below(4); i > 0; --i) out += json(depth + 1) + (i > 1 ? " , " : "");
        return out + "]";
      }
      default: return object(depth + 1);
    }
  }

  std::string object(int depth) {
    std::string out = "{ ";
    for (std::size_t i = below(4); i > 0; --i) {
      out += "\"k" + std::to_string(i) + "\" : " + json(depth) + (i > 1 ? "," : "");
    }
    return out + "}";
  }

  Event list() {
    Event event;
    event.kind = EventKind::served;
    (one_in(2) ? event.user : event.session) = id(true);
    event.time = timestamp_from_ms(static_cast<std::int64_t>(below(1'800'000'000'000)));
    ServedList list;
    list.request = id(true);
    list.page_of = id(false);
    if (one_in(2)) list.placement = "home-" + std::to_string(below(9));
    if (one_in(2)) list.arm = "a";
    if (one_in(2)) list.policy = "softmax";
    list.model = random_();
    for (std::size_t left = 1 + below(20); left > 0; --left) list.entries.push_back({id(true), value()});
    for (auto& entry : list.entries) {
      if (one_in(5)) entry.propensity = static_cast<float>(1 + below(1000)) / 1000;
    }
    event.served = SharedServedList(std::move(list));
    return event;
  }

  Event event(EventDecoder& decoder) {
    if (one_in(8)) return list();
    Event event;
    if (one_in(10)) {
      event.kind = EventKind::erase;
      event.type = kEraseType;
      event.partition_only = one_in(2);
    } else {
      event.type = one_in(4) ? id(true) : "click";
      if (event.type.starts_with('$')) event.type[0] = 's';
      event.item = id(true);
    }
    event.id = id(false);
    event.user = id(false);
    event.session = id(event.user.empty());
    event.request = id(false);
    if (one_in(2)) event.sender = id(true);
    if (event.sender.size() > kMaxSenderBytes) event.sender = "shop/1a2b3";
    event.time = timestamp_from_ms(static_cast<std::int64_t>(below(1'800'000'000'000)));
    event.value = value();
    event.consent = !one_in(8);
    // A valid event's props are as the decoder leaves them.
    if (one_in(2)) {
      const auto decoded = decoder.decode(R"({"user":"u","item":"i","props":)" + object(0) + "}", {}, kArrival);
      EXPECT_TRUE(decoded) << decoded.error().message;
      if (decoded) event.props = decoded->props;
    }
    return event;
  }

  /// `text` with a few bytes changed, inserted, removed, doubled or cut off.
  std::string mutate(std::string text) {
    static constexpr std::string_view kTelling = "{}[]\",:\\ \n\t0123456789-+.eEtrufalsn\x00\xff\xc3\xed\xa0\xf4";
    for (std::size_t left = 1 + below(4); left > 0; --left) {
      const std::size_t at = below(text.size() + 1);
      const char byte = one_in(3) ? static_cast<char>(random_()) : kTelling[below(kTelling.size())];
      switch (below(5)) {
        case 0: text.insert(at, 1, byte); break;
        case 1:
          if (at < text.size()) text[at] = byte;
          break;
        case 2: text.erase(at, 1 + below(5)); break;
        case 3: text.insert(at, text.substr(below(text.size() + 1), 1 + below(20))); break;
        default:
          if (one_in(5)) text.resize(at);
          break;
      }
    }
    return text;
  }

 private:
  std::string any_character() {
    switch (below(6)) {
      case 0: return std::string(1, static_cast<char>(below(0x80)));
      case 1: return "\xC3\xBC";
      case 2: return "\xE2\x82\xAC";
      case 3: return "\xF0\x9F\x98\x80";
      default: return std::string(1, static_cast<char>('a' + below(26)));
    }
  }

  std::mt19937_64 random_;
};

TEST(EventCodecProperty, DecodingWhatWasEncodedGivesTheEventBack) {
  RandomEvents random(testing::test_seed(301));
  const DecodeOptions options;
  EventDecoder decoder(options);
  for (int i = 0; i < kEvents; ++i) {
    const Event event = random.event(decoder);
    const std::string encoded = encode_event(event);
    const auto decoded = decoder.decode(encoded, {}, kArrival);
    ASSERT_TRUE(decoded) << decoded.error().message << "\n" << encoded;
    ASSERT_EQ(*decoded, event) << encoded;
    ASSERT_EQ(encode_event(*decoded), encoded);
    const auto texts = split_events(encoded);
    ASSERT_TRUE(texts);
    ASSERT_EQ(*texts, std::vector<std::string_view>{encoded});
  }
}

/// The invariants of base/event.h.
void expect_invariants(const Event& event, const std::string& from) {
  ASSERT_FALSE(event.user.empty() && event.session.empty()) << from;
  ASSERT_EQ(event.item.empty(), event.kind == EventKind::erase || event.kind == EventKind::served) << from;
  ASSERT_EQ(static_cast<bool>(event.served), event.kind == EventKind::served) << from;
  ASSERT_TRUE(std::isfinite(event.value)) << from;
  ASSERT_LE(event.props.size(), kMaxPropsBytes) << from;
  ASSERT_GE(to_ms(event.time), 0) << from;
  ASSERT_LE(event.time, kArrival + DecodeOptions{}.max_future_skew) << from;
  for (const std::string* id : {&event.id, &event.user, &event.session, &event.item, &event.type, &event.request}) {
    ASSERT_LE(id->size(), kMaxIdBytes) << from;
  }
  ASSERT_LE(event.sender.size(), kMaxSenderBytes) << from;
}

TEST(EventCodecProperty, AnyBytesAreDecodedOrRefusedWithAReason) {
  RandomEvents random(testing::test_seed(302));
  const DecodeOptions options;
  EventDecoder decoder(options);
  const std::vector<std::string> envelopes{
      "", R"({"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2024-01-01T00:00:00Z","data":)"};
  int accepted = 0;
  for (int i = 0; i < kMutations; ++i) {
    const std::string& envelope = envelopes[random.below(envelopes.size())];
    const std::string text =
        random.mutate(envelope + encode_event(random.event(decoder)) + (envelope.empty() ? "" : "}"));
    const auto event = decoder.decode(text, {{"ce_specversion", random.one_in(8) ? "1.0" : "x"}}, kArrival);
    const auto plain = decoder.decode(text, {}, kArrival);
    ASSERT_TRUE(event || !event.error().message.empty()) << text;
    if (!plain) {
      ASSERT_FALSE(plain.error().message.empty()) << text;
      continue;
    }
    ++accepted;
    expect_invariants(*plain, text);
    if (HasFatalFailure()) return;
    const auto again = decoder.decode(encode_event(*plain), {}, kArrival);
    ASSERT_TRUE(again) << again.error().message << "\n" << text;
    ASSERT_EQ(*again, *plain) << text;
  }
  EXPECT_GT(accepted, kMutations / 20) << "most mutations should not be trivially broken";
  EXPECT_LT(accepted, kMutations);
}

TEST(EventCodecProperty, AnyBodyIsSplitOrRefusedAndThePiecesLieInIt) {
  RandomEvents random(testing::test_seed(303));
  const DecodeOptions options;
  EventDecoder decoder(options);
  for (int i = 0; i < kMutations; ++i) {
    const bool array = random.one_in(2);
    std::string body = array ? "[" : "";
    for (std::size_t left = random.below(4); left > 0; --left) {
      body += encode_event(random.event(decoder));
      body += array ? (left > 1 ? ", " : "") : "\n";
    }
    body = random.mutate(body + (array ? "]" : ""));
    const auto texts = split_events(body);
    if (!texts) {
      ASSERT_FALSE(texts.error().message.empty());
      continue;
    }
    const char* last = body.data();
    for (const std::string_view text : *texts) {
      ASSERT_FALSE(text.empty()) << body;
      ASSERT_GE(text.data(), last) << body;
      last = text.data() + text.size();
      ASSERT_LE(last, body.data() + body.size()) << body;
    }
  }
}

}  // namespace
}  // namespace freshet::ingest
