// SPDX-License-Identifier: Apache-2.0
#include "base/keyed_hash.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(KeyedHash, IsHmacSha256OfRfc4231) {
  const KeyedHash hash("Jefe");
  const std::string whole = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  EXPECT_EQ(hash.hex("what do ya want for nothing?", 64), whole);
  EXPECT_EQ(hash.hex("what do ya want for nothing?", 16), whole.substr(0, 16)) << "asked again";
  EXPECT_EQ(KeyedHash(std::string(131, '\xaa')).hex("Test Using Larger Than Block-Size Key - Hash Key First", 64),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(KeyedHash, ACopyOutlivesItsOriginal) {
  auto original = std::make_unique<KeyedHash>("key");
  const KeyedHash copy = *original;
  const std::string expected = original->hex("text", 32);
  original.reset();
  EXPECT_EQ(copy.hex("text", 32), expected);
}

}  // namespace
}  // namespace freshet
