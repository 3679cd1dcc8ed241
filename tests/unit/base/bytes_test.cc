// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace freshet {
namespace {

TEST(Bytes, SpillsInOrderAndHoldsLittle) {
  std::string buffer, spilled;
  std::size_t most = 0;
  ByteWriter out(buffer, [&](std::string_view piece) { spilled += piece; });
  std::string expected;
  ByteWriter whole(expected);
  const std::vector<double> large(ByteWriter::kPiece / 4, 0.5);
  for (ByteWriter* writer : {&whole, &out}) {
    for (std::uint64_t n = 0; n < ByteWriter::kPiece; ++n) {
      writer->fixed(n);
      most = std::max(most, buffer.size());
    }
    writer->array(std::span<const double>(large));
    writer->string("end");
  }
  out.flush();
  EXPECT_TRUE(spilled == expected);
  EXPECT_LE(most, ByteWriter::kPiece);
}

TEST(Bytes, ReadsBackWhatWasWritten) {
  std::string bytes;
  ByteWriter out(bytes);
  out.fixed(std::int32_t{-7});
  out.fixed(1.5);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX})
    out.varint(value);
  out.string("text");
  const std::vector<float> floats{1, 2, 3};
  out.array(std::span<const float>(floats));

  ByteReader in(bytes);
  EXPECT_EQ(in.fixed<std::int32_t>(), -7);
  EXPECT_EQ(in.fixed<double>(), 1.5);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX}) {
    EXPECT_EQ(in.varint(), value);
  }
  EXPECT_EQ(in.string(), "text");
  EXPECT_EQ(in.array<float>(), floats);
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.at_end());
}

TEST(Bytes, EveryTruncationIsNoticedAndNothingIsReadPastTheEnd) {
  std::string bytes;
  ByteWriter out(bytes);
  out.fixed(std::uint64_t{1});
  out.string("abc");
  const std::vector<std::uint32_t> numbers{1, 2};
  out.array(std::span<const std::uint32_t>(numbers));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(std::string_view(bytes).substr(0, size));
    in.fixed<std::uint64_t>();
    in.string();
    in.array<std::uint32_t>();
    EXPECT_FALSE(in.ok()) << size;
  }
}

TEST(Bytes, AnAbsurdLengthIsRefusedWithoutAllocatingIt) {
  std::string bytes;
  ByteWriter(bytes).varint(UINT64_MAX / 2);
  ByteReader as_array(bytes), as_string(bytes);
  EXPECT_TRUE(as_array.array<double>().empty());
  EXPECT_TRUE(as_string.string().empty());
  EXPECT_FALSE(as_array.ok());
  EXPECT_FALSE(as_string.ok());
}

TEST(Bytes, AVarintThatDoesNotEndIsRefused) {
  const std::string endless(20, '\xff');
  ByteReader in(endless);
  in.varint();
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace freshet
