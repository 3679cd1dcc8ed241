// SPDX-License-Identifier: Apache-2.0
#include "serve/http/content_coding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/serve/http/server_fixture.h"

namespace freshet::serve {
namespace {

ApiResponse json_of(std::size_t bytes) {
  ApiResponse answer;
  answer.body = "\"" + std::string(bytes - 2, 'a') + "\"";
  return answer;
}

std::string field(const ApiResponse& answer, const std::string& name) {
  const auto found = std::ranges::find(answer.headers, name, &Header::first);
  return found == answer.headers.end() ? "" : found->second;
}

TEST(ContentCoding, GzipIsAskedForByNameOrByAsteriskWithAWeightAboveZero) {
  for (const char* asks :
       {"gzip", "GZIP", "x-gzip", "gzip, deflate, br", "deflate,gzip;q=0.5", "br;q=1.0, gzip;q=0.001", "*", "*;q=0.1",
        "gzip ; q=1", "gzip\t;\tQ=1.000", " , gzip,,", "gzip;q=1, *;q=0", "gzip;q=0.5, identity;q=0.5",
        "identity;q=0.4, gzip;q=0.5", "gzip;q=1."}) {
    EXPECT_TRUE(asks_for_gzip(asks)) << asks;
  }
  for (const char* does_not : {"",
                               "identity",
                               "br",
                               "deflate, br",
                               "gzip;q=0",
                               "gzip;q=0.000, *",
                               "*;q=0",
                               "identity;q=0, *;q=0",
                               "gzip;q=0.5, identity",
                               "gzip;q=0.5, *",
                               "gzip;q=2",
                               "gzip;q=1.001",
                               "gzip;q=0.1234",
                               "gzip;q=",
                               "gzip;q=x",
                               "gzip;q",
                               "gzip;level=1",
                               "gzip;q=-1",
                               "xgzip",
                               "gzip x"}) {
    EXPECT_FALSE(asks_for_gzip(does_not)) << does_not;
  }
}

boost::beast::http::fields asking_for(const char* coding) {
  boost::beast::http::fields fields;
  fields.set(boost::beast::http::field::accept_encoding, coding);
  return fields;
}

TEST(ContentCoding, AnswersThatBecomeSmallerAreCompressed) {
  GzipEncoder gzip;
  for (const char* type :
       {"application/json", "application/problem+json", "application/x-ndjson", "text/plain; version=0.0.4"}) {
    ApiResponse answer = json_of(kLeastBytesToEncode);
    answer.content_type = type;
    encode(answer, asking_for("gzip"), gzip);
    EXPECT_LT(answer.body.size(), 100U) << type;
    EXPECT_EQ(field(answer, "Content-Encoding"), "gzip") << type;
    EXPECT_EQ(field(answer, "Vary"), "Accept-Encoding") << type;
  }
}

TEST(ContentCoding, SmallAnswersAndOtherTypesStayAsTheyAre) {
  GzipEncoder gzip;
  ApiResponse small = json_of(kLeastBytesToEncode - 1), image = json_of(kLeastBytesToEncode);
  image.content_type = "image/png";
  for (ApiResponse* answer : {&small, &image}) {
    const std::string before = answer->body;
    encode(*answer, asking_for("gzip"), gzip);
    EXPECT_EQ(answer->body, before);
    EXPECT_TRUE(answer->headers.empty());
  }
}

TEST(ContentCoding, AnAnswerThatCouldHaveBeenCompressedSaysSo) {
  GzipEncoder gzip;
  ApiResponse answer = json_of(kLeastBytesToEncode);
  const std::string before = answer.body;
  encode(answer, {}, gzip);
  EXPECT_EQ(answer.body, before);
  EXPECT_EQ(field(answer, "Content-Encoding"), "");
  EXPECT_EQ(field(answer, "Vary"), "Accept-Encoding");
}

TEST(ContentCoding, SeveralFieldsAreOne) {
  GzipEncoder gzip;
  boost::beast::http::fields fields;
  fields.insert(boost::beast::http::field::accept_encoding, "br");
  fields.insert(boost::beast::http::field::accept_encoding, "gzip");
  ApiResponse answer = json_of(kLeastBytesToEncode);
  encode(answer, fields, gzip);
  EXPECT_EQ(field(answer, "Content-Encoding"), "gzip");
}

class ContentCodingTest : public ServerTest {
 protected:
  struct Answer {
    std::string head, body;

    bool has(const std::string& field) const { return head.find("\r\n" + field + "\r\n") != std::string::npos; }
  };

  Answer ask(const std::string& method, const std::string& target, const std::string& fields) {
    auto socket = connect();
    send(socket, method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n");
    const std::string answer = rest(socket);
    const std::size_t end = answer.find("\r\n\r\n") + 4;
    return {answer.substr(0, end), answer.substr(end)};
  }

  static std::string length_of(const std::string& body) { return "Content-Length: " + std::to_string(body.size()); }
};

TEST_F(ContentCodingTest, AnAnswerOfTheServerIsGzipOnRequest) {
  start();
  const std::string vary = "Vary: Accept-Encoding", gzip = "Content-Encoding: gzip";
  for (const char* target : {"/openapi.json", "/metrics"}) {
    const Answer plain = ask("GET", target, "Accept-Encoding: gzip;q=0\r\n");
    EXPECT_TRUE(plain.has(vary) && plain.has(length_of(plain.body)) && !plain.has(gzip)) << plain.head;
    for (const char* fields :
         {"Accept-Encoding: gzip, br\r\n", "Accept-Encoding: br\r\nX: y\r\naccept-encoding: gzip\r\n"}) {
      const Answer small = ask("GET", target, fields);
      EXPECT_TRUE(small.has(vary) && small.has(length_of(small.body)) && small.has(gzip)) << small.head;
      EXPECT_LT(small.body.size(), plain.body.size() / 3);
      std::string content;
      EXPECT_FALSE(gunzip(small.body, 1 << 20, [](std::size_t) { return true; }, content));
      EXPECT_EQ(content.substr(0, 500), plain.body.substr(0, 500))
          << "later the counts of the requests themselves differ";
    }
  }
}

TEST_F(ContentCodingTest, HeadHasTheFieldsOfGet) {
  start();
  const std::string fields = "Accept-Encoding: gzip\r\n";
  const Answer get = ask("GET", "/openapi.json", fields), head = ask("HEAD", "/openapi.json", fields);
  EXPECT_EQ(head.body, "");
  for (const std::string& field : {std::string("Content-Encoding: gzip"), length_of(get.body)}) {
    EXPECT_TRUE(head.has(field)) << head.head;
  }
}

TEST_F(ContentCodingTest, ASmallAnswerOfTheServerStaysAsItIs) {
  start();
  const Answer small = ask("GET", "/healthz", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(small.head.find("Vary"), std::string::npos) << small.head;
  EXPECT_EQ(small.head.find("Content-Encoding"), std::string::npos) << small.head;
}

}  // namespace
}  // namespace freshet::serve
