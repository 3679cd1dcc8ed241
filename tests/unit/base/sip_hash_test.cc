// SPDX-License-Identifier: Apache-2.0
#include "base/sip_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace freshet {
namespace {

// The vectors of the authors: key 00 01 .. 0f, input 00 01 .. of the length.
TEST(SipHash, IsSipHash24OfDomainAndText) {
  const SipKey key{0x0706050403020100, 0x0F0E0D0C0B0A0908};
  const std::uint64_t domain = 0x0706050403020100;
  std::string text;
  for (char byte = 8; byte < 63; ++byte) text += byte;
  const auto hash = [&](std::size_t length) {
    return sip_hash(key, domain, std::string_view(text).substr(0, length - 8));
  };
  EXPECT_EQ(hash(8), 0x93F5F5799A932462);
  EXPECT_EQ(hash(9), 0x9E0082DF0BA9E4B0);
  EXPECT_EQ(hash(15), 0xA129CA6149BE45E5) << "the example of the paper";
  EXPECT_EQ(hash(16), 0x3F2ACC7F57C29BDB);
  EXPECT_EQ(hash(63), 0x958A324CEB064572);
}

TEST(SipHash, DependsOnEachBitOfTheKeyTheDomainAndTheText) {
  const SipKey key{1, 2};
  const std::uint64_t hash = sip_hash(key, 3, "a text of some length");
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    EXPECT_NE(sip_hash({1 ^ flip, 2}, 3, "a text of some length"), hash);
    EXPECT_NE(sip_hash({1, 2 ^ flip}, 3, "a text of some length"), hash);
    EXPECT_NE(sip_hash(key, 3 ^ flip, "a text of some length"), hash);
  }
  EXPECT_NE(sip_hash(key, 3, "a text of some lengtH"), hash);
  EXPECT_NE(sip_hash(key, 3, std::string("a text of some length").append(1, '\0')), hash);
}

TEST(SipHash, ARandomKeyIsDrawnEachTime) {
  const SipKey key = random_sip_key();
  EXPECT_NE(key, random_sip_key());
  EXPECT_NE(key.first, key.second);
}

TEST(TextHash, IsTheSameForTheWholeProcessAndNotWhatAnybodyCanCompute) {
  const TextHash hash;
  EXPECT_EQ(hash("text"), TextHash{}("text"));
  EXPECT_NE(hash("text"), hash("texts"));
  EXPECT_NE(hash("text"), sip_hash(SipKey{}, 0, "text"));
}

}  // namespace
}  // namespace freshet
