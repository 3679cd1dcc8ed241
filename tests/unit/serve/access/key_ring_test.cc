// SPDX-License-Identifier: Apache-2.0
#include "serve/access/key_ring.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string complaint(const std::string& text) {
  const auto ring = KeyRing::parse(text);
  return ring ? "" : ring.error().message;
}

TEST(KeyRing, KnowsTheHoldersOfItsKeysAndNobodyElse) {
  const std::string shop = new_api_key(), admin = new_api_key();
  const auto ring = KeyRing::parse("# who may call\n\n" + key_line("shop", {Scope::read, Scope::write}, {}, shop) +
                                   "\r\n  " + key_line("ops", {Scope::admin}, {{5, 10}}, admin) + " # a comment");
  ASSERT_TRUE(ring) << ring.error().message;
  EXPECT_EQ((*ring)->size(), 2U);
  ASSERT_NE((*ring)->find(shop), nullptr);
  EXPECT_EQ((*ring)->find(shop)->name, "shop");
  EXPECT_EQ((*ring)->find(shop)->scopes, (std::set{Scope::read, Scope::write}));
  EXPECT_FALSE((*ring)->find(shop)->requests);
  EXPECT_FALSE((*ring)->find(shop)->events);
  EXPECT_EQ((*ring)->find(admin)->name, "ops");
  EXPECT_TRUE((*ring)->find(admin)->requests);
  EXPECT_TRUE((*ring)->find(admin)->events);
  EXPECT_EQ((*ring)->find(new_api_key()), nullptr);
  EXPECT_EQ((*ring)->find(""), nullptr);
  EXPECT_EQ((*ring)->find(shop + "0"), nullptr);
}

TEST(KeyRing, HoldsWhatAnyShellCanCompute) {
  // printf %s freshet_000...0 | sha256sum
  EXPECT_EQ(key_line("k", {Scope::write, Scope::read}, {{2.5, 7}}, "freshet_" + std::string(64, '0')),
            "k read,write 2.5/7 sha256:0f3108abcd9cdd4f1a7a7b07e8881dcdc809954813180d1604e4a7e905c8509b");
}

TEST(KeyRing, WhatPeopleMakeUpIsNoKeyEvenWithItsDigestInTheFile) {
  const auto ring = KeyRing::parse(key_line("weak", {Scope::read}, {}, "secret"));
  ASSERT_TRUE(ring);
  EXPECT_EQ((*ring)->find("secret"), nullptr);
}

TEST(KeyRing, ALineThatCannotBeUsedIsNamedButNotRepeated) {
  EXPECT_EQ(complaint("a read -"), "line 1: expected NAME SCOPES RATE sha256:DIGEST");
  EXPECT_EQ(complaint("#\n-a read - " + kDigest),
            "line 2: a name is letters, digits, '-', '_' and '.', at most 64, the first a letter or digit");
  EXPECT_EQ(complaint("a read,raed - " + kDigest), "line 1: scopes are read, write and admin, separated by commas");
  EXPECT_EQ(complaint("a read 0 " + kDigest),
            "line 1: a rate is requests per second, RATE/BURST, each above 0 and at most 1000000, or \"-\"; "
            "one of events may follow: RATE/BURST,events=RATE/BURST");
  EXPECT_EQ(complaint("a read - " + new_api_key()), "line 1: a digest is sha256: and 64 hexadecimal digits");
  EXPECT_EQ(complaint("a read - " + kDigest + "\nb read - " + kDigest),
            "line 2: an earlier line has this name or digest");
}

TEST(KeyRing, RatesHaveABurstOfOneSecondUnlessTheySayOtherwise) {
  EXPECT_EQ(parse_rate_limit("50")->burst, 50);
  EXPECT_EQ(parse_rate_limit("0.5")->burst, 1);
  EXPECT_EQ(parse_rate_limit("50/200")->burst, 200);
  EXPECT_EQ(parse_rate_limit("-")->per_second, 0);
  for (const char* wrong : {"", "x", "1/", "/1", "1/2/3", "-1", "1e9", "nan", "inf"}) {
    EXPECT_FALSE(parse_rate_limit(wrong)) << wrong;
  }
}

TEST(KeyRing, ALimitOfEventsStandsBesideThatOfRequests) {
  const RateLimit none;
  EXPECT_EQ(*parse_key_limits("-"), (KeyLimits{none, std::nullopt}));
  EXPECT_EQ(*parse_key_limits("500/1000"), (KeyLimits{{500, 1000}, std::nullopt}));
  EXPECT_EQ(*parse_key_limits("500/1000,events=20000/40000"), (KeyLimits{{500, 1000}, RateLimit{20'000, 40'000}}));
  EXPECT_EQ(*parse_key_limits("-,events=20"), (KeyLimits{none, RateLimit{20, 20}}));
  EXPECT_EQ(*parse_key_limits("5,events=-"), (KeyLimits{{5, 5}, none}));
  for (const char* wrong :
       {"", ",", "5,", "5,events=", "5,events", "5,events=0", "5,20", "events=20", "5,events=1,", "x,events=1"}) {
    EXPECT_FALSE(parse_key_limits(wrong)) << wrong;
  }
  const std::string line = key_line("k", {Scope::write}, {{2.5, 7}, RateLimit{20'000, 40'000}}, new_api_key());
  EXPECT_TRUE(line.starts_with("k write 2.5/7,events=20000/40000 sha256:")) << line;
  EXPECT_TRUE(KeyRing::parse(line));
}

TEST(KeyRing, ALimitOfRequestsImpliesOneOfEvents) {
  EXPECT_EQ(parse_key_limits("1")->of_events(), (RateLimit{100, 10'000}));
  EXPECT_EQ(parse_key_limits("500/1000")->of_events(), (RateLimit{50'000, 100'000}));
  EXPECT_EQ(parse_key_limits("-")->of_events(), RateLimit{});
  EXPECT_EQ(parse_key_limits("1,events=-")->of_events(), RateLimit{});
  EXPECT_EQ(parse_key_limits("1,events=5/7")->of_events(), (RateLimit{5, 7}));
}

TEST(KeyRing, AnyBytesAreKeysOrAComplaint) {
  Random random(testing::test_seed(1));
  const std::string good = key_line("shop", {Scope::read}, {{5, 10}, RateLimit{5, 10}}, new_api_key()) + "\n";
  for (int i = 0; i < 2000; ++i) {
    std::string text = good + good;
    for (int n = 0; n < 4; ++n) text[random.below(text.size())] = static_cast<char>(random.next());
    text.resize(random.below(text.size() + 1));
    const auto ring = KeyRing::parse(text);
    EXPECT_TRUE(!ring || (*ring)->size() <= 2);
  }
}

}  // namespace
}  // namespace freshet::serve
