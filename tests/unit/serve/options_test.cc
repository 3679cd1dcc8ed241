// SPDX-License-Identifier: Apache-2.0
#include "serve/options.h"

#include <gtest/gtest.h>

namespace freshet::serve {
namespace {

TEST(ServeOptions, OnlyLoopbackWithoutAskingForMore) {
  Options options;
  for (const char* address : {"127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"}) {
    options.address = address;
    EXPECT_TRUE(options.validate().empty()) << address;
  }
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::", "shop.internal"}) {
    options.address = address;
    EXPECT_EQ(options.validate().size(), 1U) << address;
  }
  options.keys_file = "/etc/freshet/keys";
  EXPECT_TRUE(options.validate().empty());
  options.keys_file.clear();
  options.allow_public = true;
  EXPECT_TRUE(options.validate().empty());
  for (const char* address : {"", "localhost:80", "http://localhost", "a b", "*"}) {
    options.address = address;
    EXPECT_EQ(options.validate(),
              (OptionProblems{{"address", "\"" + options.address + "\" is neither an IP address nor a host name"}}));
  }
}

TEST(ServeOptions, ACertificateAndItsKeyGoTogether) {
  Options options;
  options.tls.certificate = "server.crt";
  EXPECT_EQ(options.validate(), (OptionProblems{{"tls.key", "serve.tls.certificate needs it"}}));
  options.tls.key = "server.key";
  EXPECT_TRUE(options.validate().empty());
  options.tls.certificate.clear();
  EXPECT_EQ(options.validate(), (OptionProblems{{"tls.certificate", "serve.tls.key needs it"}}));
}

TEST(ServeOptions, OriginsAreExactAndNeedKeys) {
  Options options;
  options.cors_origins = {"https://shop.example", "http://localhost:3000", "https://[::1]:8443"};
  EXPECT_EQ(options.validate(),
            (OptionProblems{{"cors_origins", "needs serve.keys_file: without keys a page could call everything"}}));
  options.keys_file = "/etc/freshet/keys";
  EXPECT_TRUE(options.validate().empty());
  for (const char* origin :
       {"*", "null", "", "shop.example", "https://", "https://shop.example/", "https://Shop.example",
        "https://shop.example?x", "https://me@shop.example", "ftp://shop.example", "https://*.example"}) {
    options.cors_origins = {origin};
    EXPECT_EQ(options.validate().size(), 1U) << origin;
  }
}

TEST(ServeOptions, HostsAreNamesWithoutPorts) {
  Options options;
  options.hosts = {"freshet", "shop.internal", "192.0.2.1", "2001:db8::1"};
  EXPECT_TRUE(options.validate().empty());
  for (const char* host : {"", "shop:8080", "http://shop", "shop/", "me@shop", "a b", "*.internal"}) {
    options.hosts = {host};
    EXPECT_EQ(options.validate().size(), 1U) << host;
  }
}

TEST(ServeOptions, TheBudgetOfAllBodiesHoldsOne) {
  Options options;
  options.max_body_bytes = options.max_body_bytes_total + 1;
  EXPECT_EQ(options.validate(),
            (OptionProblems{{"max_body_bytes_total", "must not be less than serve.max_body_bytes"}}));
}

}  // namespace
}  // namespace freshet::serve
