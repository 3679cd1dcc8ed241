// SPDX-License-Identifier: Apache-2.0
#include "serve/http/line_pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

/// The lines of `body` without their ends, and "?" for each that is too long, if it arrives in bits of these sizes. Checks
/// that each piece has as many lines as it may.
std::vector<std::string> lines_of(const std::string& body, LinePieces::Limits limits,
                                  const std::function<std::size_t()>& next_size, bool whenever_it_may = false) {
  std::string text;
  LinePieces pieces(text, limits);
  std::vector<std::string> lines;
  const auto take = [&](bool ended) {
    while (const auto piece = pieces.next(ended)) {
      if (piece->too_long) {
        lines.emplace_back("?");
        continue;
      }
      EXPECT_FALSE(piece->lines.empty());
      std::size_t count = 0;
      for (std::string_view rest = piece->lines; !rest.empty(); ++count) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        EXPECT_TRUE(end < rest.size() || ended) << "only the last line of the text may lack its end";
        lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      EXPECT_LE(count, limits.lines);
    }
    EXPECT_LE(text.size(), limits.bytes) << "what waits is bounded";
  };
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = std::min(next_size(), body.size() - at);
    text.append(body, at, size);
    at += size;
    if (whenever_it_may || pieces.full()) take(false);
  }
  take(true);
  EXPECT_TRUE(text.empty());
  return lines;
}

/// The same, by looking at all of the body.
std::vector<std::string> expected_lines(const std::string& body, std::size_t most) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    lines.push_back(end - at > most ? "?" : body.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(LinePieces, ALineIsWholeWhereverTheTextIsCut) {
  const std::string body = "ab\r\n\n\xc3\xa9\xe2\x82\xac\nabcd\nabcde\n\nabcdefghijk\nz";
  for (std::size_t most = 1; most <= 12; ++most) {
    const auto expected = expected_lines(body, most);
    for (std::size_t first = 1; first <= body.size(); ++first) {
      for (std::size_t others = 1; others <= body.size(); ++others) {
        bool begun = false;
        const auto size = [&] { return std::exchange(begun, true) ? others : first; };
        ASSERT_EQ(lines_of(body, {most, 100}, size), expected) << most << " " << first << " " << others;
      }
    }
  }
}

TEST(LinePieces, RandomTextsInRandomBitsAreTheSameLines) {
  std::mt19937_64 random(testing::test_seed(2));
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    const std::size_t size = random() % 200;
    while (body.size() < size) body += random() % 5 == 0 ? '\n' : static_cast<char>('a' + random() % 3);
    const LinePieces::Limits limits{1 + random() % 20, 1 + random() % 5};
    const std::size_t most = 1 + random() % 40;
    ASSERT_EQ(lines_of(
                  body, limits, [&] { return 1 + random() % most; }, random() % 2 == 0),
              expected_lines(body, limits.bytes))
        << body;
  }
}

TEST(LinePieces, OnePieceIsToldFromMore) {
  for (const auto& [body, one] : std::vector<std::pair<std::string, bool>>{{"", true},
                                                                           {"a", true},
                                                                           {"a\nb\n", true},
                                                                           {"a\nb", true},
                                                                           {"a\nb\nc", false},
                                                                           {"abcdefgh", true},
                                                                           {"abcdefghi", false},
                                                                           {"abcd\nefgh", false}}) {
    std::string text = body;
    EXPECT_EQ(LinePieces(text, {8, 2}).is_one_piece(), one) << body;
  }
}

}  // namespace
}  // namespace freshet::serve
