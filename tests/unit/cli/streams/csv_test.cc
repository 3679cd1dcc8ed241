// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace freshet::cli {
namespace {

using Records = std::vector<std::string>;

/// The records of `text`, which arrives in pieces of that many bytes.
Records records_of(const std::string& text, std::size_t piece) {
  CsvRecordEnd record_end(1 << 20);
  Records records;
  std::size_t at = 0, arrived = 0;
  while (at < text.size() || arrived < text.size()) {
    const bool last = arrived == text.size();
    const std::size_t end = record_end.find(std::string_view(text).substr(at, arrived - at), last);
    if (end == std::string::npos && !last) {
      arrived = std::min(arrived + piece, text.size());
    } else {
      const std::size_t size = std::min(end, text.size() - at);
      records.push_back(text.substr(at, size));
      at = std::min(at + size + 1, text.size());
    }
  }
  return records;
}

TEST(Csv, ARecordEndsAtTheLineBreakThatIsNotInQuotesHoweverItArrives) {
  const Records records{"a,b",   "\"a\nb\",c", "\"a \"\"\n\"\"\"", "a\"b",    "\"\",\"\"", "",
                        "a,\"b", "c\"\r",      "\"a\"b\"c",        "\"\"a\"", ",\"\n\n\"", "last"};
  std::string text;
  for (const std::string& record : records) text += record + '\n';
  text.pop_back();
  Records expected = records;
  expected[6] += "\n" + records[7];  // is one record
  expected.erase(expected.begin() + 7);
  for (std::size_t piece = 1; piece <= text.size(); ++piece) EXPECT_EQ(records_of(text, piece), expected) << piece;
}

TEST(Csv, AQuoteThatNothingClosesEndsItsOwnLine) {
  EXPECT_EQ(records_of("\"a\nb\nc", 1), (Records{"\"a", "b", "c"})) << "at the end of the file";
  std::string many = "\"a\n";
  for (int i = 0; i < 200; ++i) many += "b\n";
  EXPECT_EQ(records_of(many, 7).size(), 201U);
  CsvRecordEnd record_end(10);
  EXPECT_EQ(record_end.find("\"a\n12345678", false), 2U) << "beyond the largest record";
}

/// The end of the first record of `text`, found by splitting what may be it.
std::size_t plain_end(const std::string& text) {
  std::size_t end = text.find('\n'), lines = 0;
  while (end != std::string::npos && !split_csv(text.substr(0, end))) {
    end = ++lines < 100 ? text.find('\n', end + 1) : text.find('\n');
    if (lines == 100) return end;
  }
  return end == std::string::npos && !split_csv(text) ? text.find('\n') : end;
}

TEST(Csv, RecordsEndWhereSplittingThemNeedsNoMore) {
  const std::string alphabet = "a,\"\n";
  for (unsigned number = 0; number < 1U << 16; ++number) {
    std::string text;
    for (unsigned rest = number, i = 0; i < 8; ++i, rest /= 4) text += alphabet[rest % 4];
    Records expected;
    for (std::string left = text; !left.empty();) {
      const std::size_t end = std::min(plain_end(left), left.size());
      expected.push_back(left.substr(0, end));
      left.erase(0, end + 1);
    }
    ASSERT_EQ(records_of(text, 8), expected) << text;
    ASSERT_EQ(records_of(text, 1), expected) << text;
  }
}

TEST(Csv, ManyQuotesThatNothingClosesAreFaultsOfTheirOwnLines) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::string text;
    Records expected;
    for (int i = 0; i < 400; ++i) text += random() % 150 == 0 ? "\"a\"\n" : random() % 8 == 0 ? "b\n" : "a\",\"b\n";
    for (std::string left = text; !left.empty();) {
      const std::size_t end = plain_end(left);
      expected.push_back(left.substr(0, end));
      left.erase(0, end + 1);
    }
    ASSERT_EQ(records_of(text, 1 + random() % 100), expected);
  }
}

}  // namespace
}  // namespace freshet::cli
