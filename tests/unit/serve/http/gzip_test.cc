// SPDX-License-Identifier: Apache-2.0
#include "serve/http/gzip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <random>
#include <string>

#include "tests/support/gzip.h"

namespace freshet::serve {
namespace {

namespace http = boost::beast::http;
namespace errc = boost::system::errc;

class GzipTest : public ::testing::Test {
 protected:
  boost::beast::error_code decode(const std::string& body, std::size_t most = 1 << 20) {
    return gunzip(
        body, most,
        [&](std::size_t bytes) {
          asked_for_ = std::max(asked_for_, bytes);
          return bytes <= room_;
        },
        content_);
  }

  std::string content_;
  std::size_t room_ = std::size_t{1} << 40, asked_for_ = 0;
};

TEST_F(GzipTest, DecodesWhatWasEncoded) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(1'000'000, 'a')}) {
    EXPECT_FALSE(decode(testing::gzip(text)));
    EXPECT_EQ(content_, text);
  }
  EXPECT_FALSE(decode(testing::gzip("one, ") + testing::gzip("two")));
  EXPECT_EQ(content_, "one, two");
}

TEST_F(GzipTest, ZeroBytesBehindAMemberArePadding) {
  const std::string zeros(1000, '\0');
  EXPECT_FALSE(decode(testing::gzip("one, ") + zeros + testing::gzip("two") + zeros));
  EXPECT_EQ(content_, "one, two");
  EXPECT_EQ(decode(testing::gzip("one") + zeros + "x"), errc::bad_message);
  EXPECT_EQ(decode(zeros), errc::bad_message);
}

TEST_F(GzipTest, WhatIsNotGzipToItsEndIsRefused) {
  const std::string whole = testing::gzip("whole");
  std::string damaged = whole;
  damaged[whole.size() - 6] ^= 1;  // of the checksum
  for (const std::string& body : {std::string(), std::string("[]"), whole.substr(0, whole.size() - 1),
                                  whole.substr(0, 10), whole + "x", damaged}) {
    EXPECT_EQ(decode(body), errc::bad_message) << body.size();
  }
}

TEST_F(GzipTest, ABombIsStoppedAtTheLimitAndAtTheBudget) {
  const std::string bomb = testing::gzip(std::string(20 << 20, ' '));
  EXPECT_LT(bomb.size(), 30'000U);
  EXPECT_EQ(decode(bomb, 1 << 20), http::error::body_limit);
  EXPECT_LE(asked_for_, (1U << 20) + 1);
  room_ = 200'000;
  EXPECT_EQ(decode(bomb, 1 << 30), errc::not_enough_memory);
  EXPECT_LE(content_.size(), room_);
  const std::string fits(1 << 16, 'a');
  room_ = std::size_t{1} << 40;
  EXPECT_FALSE(decode(testing::gzip(fits), fits.size()));
  EXPECT_EQ(decode(testing::gzip(fits + "a"), fits.size()), http::error::body_limit);
}

TEST_F(GzipTest, OneEncoderCompressesOneContentAfterAnother) {
  GzipEncoder encoder;
  for (const std::string& text : {std::string(2000, 'a'), std::string(500'000, 'b'), std::string(2000, 'a')}) {
    const auto encoded = encoder.encode(text);
    ASSERT_TRUE(encoded);
    EXPECT_LT(encoded->size(), text.size() / 10);
    EXPECT_FALSE(decode(*encoded));
    EXPECT_EQ(content_, text);
  }
}

TEST_F(GzipTest, WhatWouldNotBecomeSmallerIsNotCompressed) {
  std::string noise(5000, '\0');
  std::ranges::generate(noise, [random = std::mt19937(1)]() mutable { return static_cast<char>(random()); });
  GzipEncoder encoder;
  for (const std::string& text : {std::string(), std::string("a"), std::string("[1,2]"), noise}) {
    EXPECT_FALSE(encoder.encode(text)) << text.size();
  }
  EXPECT_TRUE(encoder.encode(std::string(2000, 'a'))) << "usable afterwards";
}

}  // namespace
}  // namespace freshet::serve
