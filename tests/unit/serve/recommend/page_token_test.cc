// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/page_token.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

const Owner kUser{Owner::Kind::user, "u1"}, kSession{Owner::Kind::session, "u1"};
constexpr std::string_view kMadeUp = "not the \"next\" of a list";

PageToken token_of(std::size_t items) {
  PageToken token{"5f1c2a90be7d4e13", {}};
  for (std::size_t i = 0; i < items; ++i) token.shown.push_back(item_hash("item" + std::to_string(i)));
  return token;
}

std::string refusal(std::string_view text, const Owner& owner = kUser) {
  const auto token = parse_page_token(text, owner);
  return token ? "none" : token.error().message;
}

TEST(PageToken, ComesBackAsItWas) {
  for (const std::size_t items : {0U, 1U, 20U, 500U}) {
    const std::string text = to_text(token_of(items), kUser);
    const auto token = parse_page_token(text, kUser);
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(*token, token_of(items));
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), text.npos);
  }
}

TEST(PageToken, IsTheSameOnEveryInstance) {
  EXPECT_EQ(to_text(token_of(1), kUser), to_text(token_of(1), kUser));
  EXPECT_EQ(item_hash("i42"), item_hash("i42"));
  EXPECT_NE(item_hash("i42"), item_hash("i43"));
}

TEST(PageToken, OfAnotherOwnerIsRefused) {
  const std::string text = to_text(token_of(3), kUser);
  for (const Owner& other : {kSession, Owner{Owner::Kind::user, "u2"}}) {
    EXPECT_EQ(refusal(text, other), "the \"next\" of a list of another user or session");
  }
}

TEST(PageToken, WhatFreshetHasNotMadeIsRefused) {
  EXPECT_EQ(refusal(""), kMadeUp);
  EXPECT_EQ(refusal("hello"), kMadeUp);
  EXPECT_EQ(refusal("AAAA!"), kMadeUp);
  EXPECT_EQ(refusal(to_text(token_of(501), kUser)), kMadeUp);
  EXPECT_EQ(refusal(to_text({"\xffnot an id of 16", {}}, kUser)), kMadeUp);
  const std::string text = to_text(token_of(3), kUser);
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_EQ(refusal(text.substr(0, size)), kMadeUp);
  Random random(testing::test_seed(1));
  for (int i = 0; i < 2000; ++i) {
    std::string changed = text;
    changed[random.below(changed.size())] = "ABCabc019-_"[random.below(11)];
    const auto token = parse_page_token(changed, kUser);
    EXPECT_TRUE(!token || *token == token_of(3)) << changed;
  }
}

}  // namespace
}  // namespace freshet::serve
