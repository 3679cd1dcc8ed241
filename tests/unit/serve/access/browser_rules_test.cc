// SPDX-License-Identifier: Apache-2.0
#include "serve/access/browser_rules.h"

#include <gtest/gtest.h>

namespace freshet::serve {
namespace {

class BrowserRulesTest : public ::testing::Test {
 protected:
  /// The status of the refusal; 0: the request may be answered.
  unsigned judge(const BrowserRules::Sender& sender) const {
    const auto refused = BrowserRules(options_).refusal(sender);
    return refused ? refused->status : 0;
  }
  unsigned judge_host(std::string_view host) const { return judge({"GET", host, "", ""}); }

  Options options_;
};

TEST_F(BrowserRulesTest, WithoutKeysOnlyRequestsForThisMachineAreAnswered) {
  for (const char* host : {"localhost", "LOCALHOST", "localhost:8080", "127.0.0.1", "127.0.0.1:1", "127.9.8.7", "[::1]",
                           "[::1]:8080", ""}) {
    EXPECT_EQ(judge_host(host), 0U) << host;
  }
  for (const char* host :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "evil.localhost", "localhost.",
        "127.0.0.1.evil.example", "128.0.0.1", "0.0.0.0", "10.0.0.1:8080", "[::2]", "[::]", "127.1", "2130706433",
        "0x7f.1", "[", "[]", ":8080", "localhost@evil.example", "%6cocalhost"}) {
    EXPECT_EQ(judge_host(host), 421U) << host;
  }
}

TEST_F(BrowserRulesTest, ThisMachineIsAlsoWhereItListensAndWhatItIsCalled) {
  options_.hosts = {"freshet", "shop.internal"};
  EXPECT_EQ(judge_host("freshet:8080"), 0U);
  EXPECT_EQ(judge_host("Shop.Internal"), 0U);
  EXPECT_EQ(judge_host("internal"), 421U);
  options_.address = "192.0.2.1";
  EXPECT_EQ(judge_host("192.0.2.1:8080"), 0U);
  EXPECT_EQ(judge_host("192.0.2.2:8080"), 421U);
  options_.address = "0.0.0.0";
  EXPECT_EQ(judge_host("192.0.2.2:8080"), 0U);
  EXPECT_EQ(judge_host("[2001:db8::1]:8080"), 0U);
  EXPECT_EQ(judge_host("evil.example"), 421U);
}

TEST_F(BrowserRulesTest, PagesOfOtherOriginsAreRefused) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const char* origin :
         {"http://evil.example", "http://localhost", "http://localhost:3000", "http://127.0.0.1:8080", "null",
          "file://", "localhost:8080", "http://localhost:8080.evil.example", "http://evil.example/localhost:8080"}) {
      EXPECT_EQ(judge({method, "localhost:8080", origin, ""}), 403U) << method << " " << origin;
    }
    EXPECT_EQ(judge({method, "localhost:8080", "http://localhost:8080", "same-origin"}), 0U);
    EXPECT_EQ(judge({method, "localhost:8080", "https://localhost:8080", "same-origin"}), 0U)
        << "behind a proxy with TLS";
    EXPECT_EQ(judge({method, "", "null", ""}), 403U);
    EXPECT_EQ(judge({method, "localhost:8080", "", "none"}), 0U);
  }
}

TEST_F(BrowserRulesTest, OtherSitesMayLinkButChangeNothing) {
  for (const char* site : {"cross-site", "same-site"}) {
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "post", "NEW"}) {
      EXPECT_EQ(judge({method, "localhost", "", site}), 403U) << method << " " << site;
    }
    EXPECT_EQ(judge({"GET", "localhost", "", site}), 0U);
  }
}

TEST_F(BrowserRulesTest, WithKeysARequestIsJudgedByItsKey) {
  options_.keys_file = "keys";
  EXPECT_EQ(judge({"POST", "shop.example", "https://evil.example", "cross-site"}), 0U);
}

TEST_F(BrowserRulesTest, OriginsAreComparedWhole) {
  options_.cors_origins = {"https://shop.example"};
  const BrowserRules rules(options_);
  EXPECT_TRUE(rules.allows("https://shop.example"));
  for (const char* origin : {"", "null", "*", "http://shop.example", "https://shop.example:8443",
                             "https://a.shop.example", "https://shop.example.evil.example", "https://shop.example/"}) {
    EXPECT_FALSE(rules.allows(origin)) << origin;
  }
}

}  // namespace
}  // namespace freshet::serve
