// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/media_type.h"

#include <gtest/gtest.h>

namespace freshet::serve {
namespace {

TEST(MediaType, JsonAndNdjsonAreTaken) {
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;charset=utf-8",
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/cloudevents+json",
        "application/cloudevents-batch+json; charset=UTF-8", "application/merge-patch+json"}) {
    EXPECT_TRUE(is_json_type(type)) << type;
  }
}

TEST(MediaType, WhatAPageMaySendAnywhereIsNot) {
  for (const char* type :
       {"", ";", "text/plain", "text/plain; application/json", "text/plain;charset=UTF-8", "text/json", "json",
        "application/", "application/+json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=json",
        "application/jsonx", "application/json, text/plain", "application/octet-stream", "application/xml"}) {
    EXPECT_FALSE(is_json_type(type)) << type;
  }
}

TEST(MediaType, ABodyIsEncodedOnceOrNotAtAll) {
  for (const char* coding : {"", ",", "identity", "Identity, identity"}) {
    EXPECT_EQ(body_coding(coding), BodyCoding::identity) << coding;
  }
  for (const char* coding : {"gzip", "GZIP", "x-gzip", "gzip,", " gzip\t, identity"}) {
    EXPECT_EQ(body_coding(coding), BodyCoding::gzip) << coding;
  }
  for (const char* coding : {"br", "gzip,gzip", "gzip, br", "br,gzip", "gzip;q=1", "g zip", "*"}) {
    EXPECT_EQ(body_coding(coding), BodyCoding::other) << coding;
  }
}

}  // namespace
}  // namespace freshet::serve
