// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/utf8.h"
#include "store/dead_letters.h"
#include "store/erasures.h"
#include "store/history_store.h"
#include "tests/support/test_seed.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

/// Dead letters of all kinds of producers. Every second one has somebody's id, in one of the places where an id can be.
class DeadLetterProperty : public ::testing::Test {
 protected:
  static constexpr std::size_t kIdBytes = 24;

  std::uint64_t below(std::uint64_t n) { return random_.below(n); }

  std::string pick(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }

  /// An id, no part of which is a word of a record by chance.
  std::string any_id() {
    std::string id;
    while (id.size() < kIdBytes) {
      id += pick({"q",  "Z",  "7", "0", "-", "_", "/", ":",  ",",        " ",
                  "\"", "\\", "'", "{", "]", "@", "&", "\t", "\xC3\xAB", "\xF0\x9F\x98\x80"});
    }
    return "k" + id + "k";  // bare words of JSON end at spaces
  }

  /// `text` in quotes, each character as it is, or as an escape of those that JSON has.
  std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
      const auto character = first_character(text);
      const std::string plain(text.substr(0, character->bytes));
      const bool must = plain == "\"" || plain == "\\" || plain == "\t";
      if (character->code < 0x10000 && (must || below(3) == 0)) {
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), below(2) == 0 ? "\\u%04x" : "\\u%04X",
                      static_cast<unsigned>(character->code));
        out += escape.data();
      } else {
        out += plain;
      }
      text.remove_prefix(plain.size());
    }
    return out + "\"";
  }

  std::string spaces() { return pick({"", "", " ", "\n  "}); }

  /// JSON that has the text, in an object, array or text of JSON.
  std::string json_with(const std::string& text, int depth = 0) {
    const std::string inner = depth < 3 && below(2) == 0 ? json_with(text, depth + 1) : quoted(text);
    switch (below(5)) {
      case 0: return "[1," + spaces() + inner + spaces() + ",\"b\"]";
      case 1: return depth < 3 && inner[0] != '"' ? quoted(inner) : inner;
      case 2: return "{" + spaces() + quoted(text) + spaces() + ":" + spaces() + "1}";
      default:
        return "{\"item\":\"mug\"," + spaces() + quoted(pick({"user", "session", "id", "props", "note", "x y"})) +
               spaces() + ":" + spaces() + inner + "}";
    }
  }

  /// The text behind its length, as in Avro, Protobuf, MessagePack and records of fixed parts; around it something else.
  std::string binary_with(const std::string& text) {
    const auto size = static_cast<unsigned char>(text.size());
    const auto byte = [](unsigned number) { return std::string(1, static_cast<char>(number)); };
    const std::string front = pick({"", std::string("\0\0\0\0\7", 5), byte(0x0A), "v", "view", byte(0x80)});
    const std::string length =
        pick({byte(2U * size), byte(size), std::string("\0\0\0", 3) + byte(size), byte(0xD9) + byte(size)});
    return front + length + text + pick({"", "view", byte(0), "\x02i", byte(0xFF)});
  }

  std::string part_with(const std::string& text) {
    switch (below(6)) {
      case 0: return text;
      case 1: return "user=" + text + ";item=i";
      case 2: return "tenant_" + text;
      case 3: return binary_with(text);
      case 4: return json_with(text).substr(0, 2000) + pick({"", ",", "}", "\"", " trailing"});
      default: return "\xEF\xBB\xBF" + json_with(text);
    }
  }

  RejectedRecord record_with(const std::string& text) {
    RejectedRecord record{{0, next_++}, {}, "no event", "k", R"({"item":"mug","ts":17})", {{"a", "b"}}};
    switch (below(4)) {
      case 0: record.key = part_with(text); break;
      case 1: record.value = part_with(text); break;
      case 2: record.headers.emplace_back("h", part_with(text)); break;
      default: record.headers.emplace_back(part_with(text), ""); break;
    }
    return record;
  }

  Random random_{freshet::testing::test_seed(1)};
  std::int64_t next_ = 0;
};

TEST_F(DeadLetterProperty, AnErasureLeavesNoneThatHasTheIdAndTakesNoOther) {
  for (int round = 0; round < 20; ++round) {
    freshet::testing::TestStore files;
    HistoryStore histories(files.database());
    EventBatch batch;
    const std::string erased = any_id(), other = any_id();
    for (int i = 0; i < 100; ++i) {
      batch.rejected.push_back(record_with(erased));
      batch.rejected.push_back(record_with(other));
    }
    batch.next[0] = next_;
    ASSERT_TRUE(histories.commit(batch, true));
    std::vector<Erasure> erasures(1);
    erasures[0].owner = {Owner::Kind::user, erased};
    erasures[0].before = {{0, next_}};
    ASSERT_TRUE(Erasures(files.database()).erase_dead_letters(erasures));
    std::size_t left = 0;
    ASSERT_TRUE(DeadLetters(files.database()).scan([&](const RejectedRecord& record) {
      const bool is_other = record.position.offset % 2 == 1;
      EXPECT_TRUE(is_other) << "id " << erased << ", key " << record.key << ", value " << record.value << ", header "
                            << record.headers.back().first << "=" << record.headers.back().second;
      left += is_other;
      return true;
    }));
    EXPECT_EQ(left, 100U) << erased << " took records of " << other;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace freshet::store
