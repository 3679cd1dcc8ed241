// SPDX-License-Identifier: Apache-2.0
#include "serve/http/http_session.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "tests/support/gzip.h"
#include "tests/unit/serve/http/server_fixture.h"

namespace freshet::serve {
namespace {

using std::string_literals::operator""s;

/// Bytes, and the statuses of the answers to them and to the request that is sent behind them. That one is answered 204
/// if the connection is still in step, and not at all if it was closed.
struct Row {
  std::string name;
  std::string bytes;
  std::string statuses;
};

const std::string kPost = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n";
const std::string kGet = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
const std::string kEvent = R"({"user":"u","item":"a"})";  // 23 bytes
const std::string kChunks = "17\r\n" + kEvent + "\r\n0\r\n\r\n";
/// Answered 404: anything but a part of the request in front of it.
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kBehind = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

std::string hexadecimal(std::size_t number) {
  std::ostringstream text;
  text << std::hex << number;
  return text.str();
}

class HttpSessionTest : public ServerTest {
 protected:
  std::string exchange(const std::string& bytes) {
    auto socket = connect();
    send(socket, bytes);
    socket.shutdown(Tcp::socket::shutdown_send);
    return rest(socket);
  }

  static std::string statuses(const std::string& answers) {
    std::string found;
    for (std::size_t at = answers.find("HTTP/1."); at != std::string::npos; at = answers.find("HTTP/1.", at + 1)) {
      if (answers.compare(at + 8, 1, " ") != 0) continue;  // the text of a problem
      found += (found.empty() ? "" : " ") + answers.substr(at + 9, 3);
    }
    return found;
  }

  void expect(const std::vector<Row>& rows) {
    start();
    for (const auto& [name, bytes, expected] : rows) {
      const std::string answers = exchange(bytes + kBehind);
      const std::string found = statuses(answers);
      EXPECT_EQ(found, expected) << name << ": " << answers;
      const std::size_t count_of_answers = (found.size() + 1) / 4;
      for (const char* field : {"\r\nX-Request-Id: ", "\r\nDate: ", "\r\nServer: "}) {
        EXPECT_EQ(count(answers, field), count_of_answers) << name << ": " << answers;
      }
    }
  }
};

TEST_F(HttpSessionTest, ABodyEndsWhereItsHeadSays) {
  expect({
      {"a length", kPost + "Content-Length: 23\r\n\r\n" + kEvent, "202 204"},
      {"no body", kPost + "Content-Length: 0\r\n\r\n", "202 204"},
      {"chunks", kPost + "Transfer-Encoding: chunked\r\n\r\n" + kChunks, "202 204"},
      {"in capitals", kPost + "TRANSFER-ENCODING:CHUNKED\r\n\r\n" + kChunks, "202 204"},
      {"two chunks", kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n16\r\n" + kEvent.substr(1) + "\r\n0\r\n\r\n",
       "202 204"},
      {"an extension", kPost + "Transfer-Encoding: chunked\r\n\r\n17;a=b;c=\"d\"\r\n" + kEvent + "\r\n0;e\r\n\r\n",
       "202 204"},
      {"a trailer", kPost + "Transfer-Encoding: chunked\r\n\r\n17\r\n" + kEvent + "\r\n0\r\nX-Sum: 1\r\n\r\n",
       "202 204"},
      {"a size with zeros in front", kPost + "Transfer-Encoding: chunked\r\n\r\n00017\r\n" + kEvent + "\r\n000\r\n\r\n",
       "202 204"},
  });
}

TEST_F(HttpSessionTest, ABodyWithAnotherTransferCodingIsRefusedAndNotReadAsARequest) {
  std::vector<Row> rows;
  for (const char* coding : {"x",
                             "identity",
                             "gzip",
                             "gzip, chunked",
                             "chunked, identity",
                             "chunked, chunked",
                             "chunked, gzip",
                             "\"chunked\"",
                             "'chunked'",
                             "",
                             ",",
                             ", chunked",
                             "chunked,",
                             "chunked;q=1",
                             "chunked; a",
                             "xchunked",
                             "chunkedx",
                             "chunked x",
                             "cow",
                             "chunked\r\nTransfer-Encoding: x",
                             "x\r\nTransfer-Encoding: chunked",
                             "chunked\r\nTransfer-Encoding: chunked",
                             "chunked\r\nTransfer-Encoding:",
                             "\vchunked",
                             "\fchunked",
                             "chunked\v",
                             "chunked\xa0",
                             "chun\r\n ked",
                             "chunked\r\n identity",
                             "chunked\n",
                             "chunked\rX: y"}) {
    rows.push_back({coding, kPost + "Transfer-Encoding: " + coding + "\r\n\r\n" + kSmuggled, "400"});
    rows.push_back(
        {coding + " of chunks"s, kPost + "Transfer-Encoding: " + coding + "\r\n\r\n" + kChunks + kSmuggled, "400"});
  }
  for (const char* field :
       {"Transfer-Encoding : chunked", " Transfer-Encoding: chunked", "Transfer-Encoding\t: chunked",
        "Transfer-Encoding\r\n : chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked",
        "Transfer-Encoding"}) {
    rows.push_back({field, kPost + field + "\r\n\r\n" + kChunks + kSmuggled, "400"});
  }
  rows.push_back({"of a GET", kGet + "Transfer-Encoding: x\r\n\r\n" + kSmuggled, "400"});
  rows.push_back({"HTTP/1.0", "POST /v1/events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + kChunks, "400"});
  rows.push_back({"HTTP/1.0, kept alive",
                  "POST /v1/events HTTP/1.0\r\nConnection: keep-alive\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n" +
                      kChunks + kSmuggled,
                  "400"});
  expect(rows);
}

TEST_F(HttpSessionTest, ABodyWhoseLengthIsNotOneNumberIsRefused) {
  std::vector<Row> rows;
  for (const char* length : {"+23",
                             "-1",
                             "0x17",
                             "23, 23",
                             "23,23",
                             "23, 24",
                             ", 23",
                             "23,",
                             "23;",
                             "2 3",
                             "23 a",
                             "\"23\"",
                             "",
                             "1e1",
                             "23.0",
                             "\xef\xbc\x92",
                             "99999999999999999999999",
                             "18446744073709551616",
                             "23\r\nContent-Length: 23",
                             "23\r\nContent-Length: 24",
                             "23\r\nContent-Length:",
                             "2\r\n 3",
                             "\v23"}) {
    rows.push_back({length, kPost + "Content-Length: " + length + "\r\n\r\n" + kEvent + kSmuggled, "400"});
  }
  for (const char* fields :
       {"Content-Length: 23\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 23",
        "Content-Length: 23\r\nTransfer-Encoding: x", "Transfer-Encoding: x\r\nContent-Length: 23",
        "Content-Length: 0\r\nTransfer-Encoding: chunked", "Content-Length : 23", " Content-Length: 23",
        "Content-Length\t: 23", "X: y\nContent-Length: 23"}) {
    rows.push_back({fields, kPost + fields + "\r\n\r\n" + kChunks + kSmuggled, "400"});
  }
  rows.push_back({"too large", kPost + "Content-Length: 65537\r\n\r\n" + kSmuggled, "413"});
  rows.push_back({"far too large", kPost + "Content-Length: 18446744073709551615\r\n\r\n" + kSmuggled, "413"});
  expect(rows);
}

TEST_F(HttpSessionTest, ChunksThatAreNotToTheLetterAreRefused) {
  std::vector<Row> rows;
  const auto chunks = [&](const std::string& name, const std::string& body, const std::string& status = "400") {
    rows.push_back({name, kPost + "Transfer-Encoding: chunked\r\n\r\n" + body + kSmuggled, status});
  };
  for (const char* size : {"0x17", "+17", "-17", " 17", "", "17 a", "17,", "1_7", "g", "\"17\"", "17;a=", "17;",
                           "17;\"a\"", "17;a b", "17;a=\"\n\"", "17;a=\"\r\"", "17;a\n", "17\n", "17\r"}) {
    chunks("size "s + size, size + "\r\n"s + kEvent + "\r\n0\r\n\r\n");
  }
  chunks("a size of 17 digits", "00000000000000001\r\n \r\n0\r\n\r\n", "202 404 204");
  chunks("a size beyond 64 bits", "10000000000000017\r\n" + kEvent + "\r\n0\r\n\r\n");
  chunks("a size of 64 bits", "ffffffffffffffff\r\n" + kEvent + "\r\n0\r\n\r\n", "413");
  chunks("bare LF behind the size", "17\n" + kEvent + "\n0\n\n");
  chunks("bare LF behind the data", "17\r\n" + kEvent + "\n0\r\n\r\n");
  chunks("bare CR behind the data", "17\r\n" + kEvent + "\r0\r\n\r\n");
  chunks("data longer than its size", "16\r\n" + kEvent + "\r\n0\r\n\r\n");
  chunks("a length in the trailer", "17\r\n" + kEvent + "\r\n0\r\nContent-Length: 9\r\n\r\n");
  chunks("a coding in the trailer", "17\r\n" + kEvent + "\r\n0\r\nTransfer-Encoding: x\r\n\r\n");
  chunks("a trailer without a colon", "17\r\n" + kEvent + "\r\n0\r\nX\r\n\r\n");
  chunks("an extension without an end", "17;" + std::string(100'000, 'a'), "413");
  chunks("a trailer without an end", "0\r\nX: " + std::string(100'000, 'a'), "413");
  chunks("more than the largest body",
         "8000\r\n" + std::string(0x8000, ' ') + "\r\n8001\r\n" + std::string(0x8001, ' ') + "\r\n0\r\n\r\n", "413");
  expect(rows);
}

TEST_F(HttpSessionTest, AHeadThatIsNotToTheLetterIsRefused) {
  const std::string line = "GET /healthz HTTP/1.1\r\n", rest = "\r\n" + kSmuggled;
  expect({
      {"not HTTP", "this is not HTTP\r\n\r\n" + kSmuggled, "400"},
      {"no version", "GET /healthz\r\nHost: localhost\r\n" + rest, "400"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + kSmuggled, "400"},
      {"HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: localhost\r\n" + rest, "400"},
      {"http/1.1", "GET /healthz http/1.1\r\nHost: localhost\r\n" + rest, "400"},
      {"two spaces", "GET  /healthz HTTP/1.1\r\nHost: localhost\r\n" + rest, "400"},
      {"a tab", "GET\t/healthz HTTP/1.1\r\nHost: localhost\r\n" + rest, "400"},
      {"bare LFs", "GET /healthz HTTP/1.1\nHost: localhost\n\n" + kSmuggled, "400"},
      {"a bare LF", "GET /healthz HTTP/1.1\nHost: localhost\r\n" + rest, "400"},
      {"a bare LF in a value", line + "Host: localhost\r\nX: a\nY: b\r\n" + rest, "400"},
      {"a bare CR in a value", line + "Host: localhost\r\nX: a\rb\r\n" + rest, "400"},
      {"NUL in a value", line + "Host: localhost\r\nX: a\0b\r\n"s + rest, "400"},
      {"NUL in a name", line + "Host: localhost\r\nX\0: b\r\n"s + rest, "400"},
      {"NUL in the target", "GET /healthz\0 HTTP/1.1\r\nHost: localhost\r\n"s + rest, "400"},
      {"a space in a name", line + "Host: localhost\r\nX y: b\r\n" + rest, "400"},
      {"a space behind a name", line + "Host: localhost\r\nX : b\r\n" + rest, "400"},
      {"no name", line + "Host: localhost\r\n: b\r\n" + rest, "400"},
      {"no colon", line + "Host: localhost\r\nX\r\n" + rest, "400"},
      {"a fold in front of the first field", line + " X: y\r\nHost: localhost\r\n" + rest, "400"},
      {"a long header", line + "Host: localhost\r\nX: " + std::string(8000, 'x') + "\r\n" + rest, "431"},
      {"a long target", "GET /" + std::string(8000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n" + rest, "431"},
      {"many fields",
       line + "Host: localhost\r\n" +
           [] {
             std::string fields;
             for (int i = 0; i < 1000; ++i) fields += "X: y\r\n";
             return fields;
           }() +
           rest,
       "431"},
  });
}

TEST_F(HttpSessionTest, HostIsOneValidAuthority) {
  const auto with = [](const std::string& fields) { return "GET /healthz HTTP/1.1\r\n" + fields + "\r\n"; };
  expect({
      {"none", with("") + kSmuggled, "400"},
      {"two", with("Host: localhost\r\nHost: localhost\r\n") + kSmuggled, "400"},
      {"two names", with("Host: localhost, localhost\r\n") + kSmuggled, "400"},
      {"a space", with("Host: local host\r\n") + kSmuggled, "400"},
      {"a path", with("Host: localhost/x\r\n") + kSmuggled, "400"},
      {"a user", with("Host: me@localhost\r\n") + kSmuggled, "400"},
      {"a scheme", with("Host: http://localhost\r\n") + kSmuggled, "400"},
      {"a port that is no number", with("Host: localhost:http\r\n") + kSmuggled, "400"},
      {"a bracket", with("Host: [::1\r\n") + kSmuggled, "400"},
      {"a name", with("Host: localhost\r\n"), "200 204"},
      {"a name and a port", with("Host: LOCALHOST:8080\r\n"), "200 204"},
      {"IPv4", with("Host: 127.0.0.1:8080\r\n"), "200 204"},
      {"IPv6", with("Host: [::1]:8080\r\n"), "200 204"},
      {"empty", with("Host:\r\n"), "200 204"},
      {"none in HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", "200"},
      {"two in HTTP/1.0", "GET /healthz HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400"},
  });
}

TEST_F(HttpSessionTest, TheFormsOfATargetAndEmptyLinesAreUnderstood) {
  const auto get = [](const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"; };
  expect({
      {"absolute form", get("http://localhost/healthz"), "200 204"},
      {"absolute form with a query", get("http://localhost:8080/v1/popular?k=1"), "200 204"},
      {"absolute form in capitals", get("HTTPS://LOCALHOST/healthz"), "200 204"},
      {"absolute form without a path", get("http://localhost"), "404 204"},
      {"absolute form without a Host", "GET http://localhost/healthz HTTP/1.1\r\n\r\n" + kSmuggled, "400"},
      {"another scheme", get("ftp://localhost/healthz"), "400 204"},
      {"a user", get("http://me@localhost/healthz"), "400 204"},
      {"no path", get("healthz"), "400 204"},
      {"an asterisk", get("*"), "400 204"},
      {"a fragment", get("/healthz#x"), "400 204"},
      {"authority form", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "400 204"},
      {"an empty line", "\r\n" + get("/healthz"), "200 204"},
      {"empty lines", get("/healthz") + "\r\n\r\n\r\n" + get("/healthz") + "\r\n", "200 200 204"},
      {"an empty line behind a body", kPost + "Content-Length: 23\r\n\r\n" + kEvent + "\r\n", "202 204"},
      {"empty queries", get("/v1/popular?") + get("/v1/popular?&") + get("/v1/popular?k=1&") + get("/v1/popular?&&k=1"),
       "200 200 200 200 204"},
      {"a parameter without a name", get("/v1/popular?=1"), "400 204"},
      {"a parameter without a value", get("/v1/popular?k"), "400 204"},
      {"a double slash", get("//healthz"), "404 204"},
      {"another double slash", get("//localhost/healthz"), "404 204"},
  });
}

TEST_F(HttpSessionTest, WhatAPageOfAnotherSiteSendsIsRefusedAndItsBodyNotRead) {
  const auto post = [](const std::string& fields) {
    return "POST /v1/events HTTP/1.1\r\n" + fields + "\r\nContent-Length: " + std::to_string(kSmuggled.size()) +
           "\r\n\r\n" + kSmuggled;
  };
  const std::string own = "Host: localhost", json = "\r\nContent-Type: application/json";
  expect({
      {"a page of this origin", post(own + json + "\r\nOrigin: http://localhost"), "202 204"},
      {"another name", post("Host: evil.example" + json), "421"},
      {"another name in the target", "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "421 204"},
      {"another origin", post(own + json + "\r\nOrigin: http://evil.example"), "403"},
      {"no origin", post(own + json + "\r\nOrigin: null"), "403"},
      {"another site", post(own + json + "\r\nSec-Fetch-Site: cross-site"), "403"},
      {"another host of this site", post(own + json + "\r\nSec-Fetch-Site: same-site"), "403"},
      {"a form", post(own + "\r\nContent-Type: application/x-www-form-urlencoded"), "415"},
      {"plain text", post(own + "\r\nContent-Type: text/plain;charset=UTF-8"), "415"},
      {"a preflight",
       "OPTIONS /v1/events HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
       "Access-Control-Request-Method: POST\r\n\r\n",
       "403 204"},
  });
  EXPECT_EQ(fixture_.sink.submitted(), 1U);
}

TEST_F(HttpSessionTest, BodiesMayBeGzip) {
  const auto post = [](const std::string& coding, const std::string& body) {
    return kPost + "Content-Encoding: " + coding + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  };
  const std::string packed = testing::gzip(kEvent);
  expect({
      {"gzip", post("gzip", packed), "202 204"},
      {"in capitals", post("GZIP", packed), "202 204"},
      {"in chunks",
       kPost + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + packed.substr(0, 1) + "\r\n" +
           hexadecimal(packed.size() - 1) + "\r\n" + packed.substr(1) + "\r\n0\r\n\r\n",
       "202 204"},
      {"not gzip", post("gzip", kEvent + kSmuggled), "400"},
      {"cut off", post("gzip", packed.substr(0, packed.size() - 1)), "400"},
      {"a bomb", post("gzip", testing::gzip(std::string(10 << 20, ' '))), "413"},
      {"another coding", post("br", kSmuggled), "415"},
      {"a large one", post("gzip", testing::gzip(kEvent + std::string(60'000, ' '))), "202 204"},
      {"two codings", post("gzip, gzip", kSmuggled), "415"},
      {"two fields", post("gzip\r\nContent-Encoding: gzip", kSmuggled), "415"},
      {"two fields of which one is unknown", post("gzip\r\nContent-Encoding: br", kSmuggled), "415"},
      {"two fields of which one is identity", post("identity\r\nContent-Encoding: gzip", packed), "202 204"},
      {"identity", post("identity", kEvent), "202 204"},
  });
  ASSERT_EQ(fixture_.sink.submitted(), 6U);
  for (const std::string& body : fixture_.sink.bodies) EXPECT_EQ(body.substr(0, body.find(' ')), kEvent);
}

TEST_F(HttpSessionTest, TheBodyOfAListHasALimitOfItsOwn) {
  options_.max_body_bytes = options_.max_body_bytes_total = std::size_t{8} << 20;
  const auto post = [](const std::string& path, const std::string& more) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more;
  };
  const std::string session = R"({"session":["a"]})", items = R"({"items":["a"]})";
  const auto padded = [](const std::string& body, std::size_t size) {
    return body + std::string(size - body.size(), ' ');
  };
  const std::size_t most = std::size_t{1} << 20;
  std::vector<Row> rows;
  for (const auto& [path, body] : {std::pair{"/v1/recommendations"s, session}, {"/v1/rank"s, items}}) {
    const std::string bomb = testing::gzip(padded(body, most + 1)), fits = testing::gzip(padded(body, most));
    const auto of_length = [](std::size_t size) { return "Content-Length: " + std::to_string(size) + "\r\n\r\n"; };
    rows.push_back({path + ": the largest", post(path, of_length(most) + padded(body, most)), "200 204"});
    rows.push_back({path + ": the largest as gzip",
                    post(path, "Content-Encoding: gzip\r\n" + of_length(fits.size()) + fits), "200 204"});
    rows.push_back({path + ": announced", post(path, of_length(most + 1)), "413"});
    rows.push_back({path + ": in chunks",
                    post(path, "Transfer-Encoding: chunked\r\n\r\n" + hexadecimal(most + 1) + "\r\n"), "413"});
    rows.push_back({path + ": gzip", post(path, "Content-Encoding: gzip\r\n" + of_length(bomb.size()) + bomb), "413"});
  }
  rows.push_back({"events",
                  kPost + "Content-Length: " + std::to_string(most + 1) + "\r\n\r\n" + padded(kEvent, most + 1),
                  "202 204"});
  expect(rows);
  EXPECT_NE(exchange(post("/v1/rank", "Content-Length: 2000000\r\n\r\n")).find("larger than 1048576 bytes"),
            std::string::npos);
}

TEST_F(HttpSessionTest, ALargeBodyDoesNotHoldUpTheOtherConnectionsOfItsThread) {
  options_.threads = 1;
  options_.max_body_bytes = options_.max_body_bytes_total = std::size_t{1} << 20;
  std::promise<void> others_answered;
  fixture_.sink.before_answer = [&, answered = others_answered.get_future().share()] {
    EXPECT_EQ(answered.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  };
  start();
  auto large = connect();
  send(large, kPost + "Connection: close\r\nContent-Length: 100000\r\n\r\n" + kEvent +
                  std::string(100'000 - kEvent.size(), ' '));
  while (fixture_.sink.submitted() == 0) std::this_thread::yield();
  EXPECT_EQ(statuses(exchange(kGet + "\r\n")), "200");
  others_answered.set_value();
  EXPECT_EQ(statuses(rest(large)), "202");
}

TEST_F(HttpSessionTest, ALargeBodyOfAListDoesNotWaitForThoseOfEvents) {
  options_.max_body_bytes = options_.max_body_bytes_total = std::size_t{1} << 20;
  std::promise<void> list_answered;
  fixture_.sink.before_answer = [&, answered = list_answered.get_future().share()] {
    EXPECT_EQ(answered.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  };
  start();
  const auto post = [](const std::string& path, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n" +
           body + std::string(100'000 - body.size(), ' ');
  };
  auto events = connect();
  send(events, post("/v1/events", kEvent));
  while (fixture_.sink.submitted() == 0) std::this_thread::yield();
  EXPECT_EQ(statuses(exchange(post("/v1/rank", R"({"items":["a"]})"))), "200");
  list_answered.set_value();
  EXPECT_EQ(statuses(rest(events)), "202");
}

TEST_F(HttpSessionTest, ALargeBodyThatHasWaitedTooLongIsRefused) {
  options_.events_timeout = std::chrono::milliseconds(0);
  start();
  const std::string answer = exchange(kPost + "Connection: close\r\nContent-Length: 60000\r\n\r\n" + kEvent +
                                      std::string(60'000 - kEvent.size(), ' '));
  EXPECT_EQ(statuses(answer), "503");
  EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos) << answer;
  EXPECT_EQ(fixture_.sink.submitted(), 0U);
  EXPECT_NE(fixture_.metrics.render().find("freshet_serve_late_total 1\n"), std::string::npos);
}

TEST_F(HttpSessionTest, MuchThatDecodesToLittleIsNotDecodedInPlace) {
  options_.events_timeout = std::chrono::milliseconds(0);  // no time for what is elsewhere
  start();
  const auto post = [](const std::string& body) {
    return kPost + "Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  std::string members = testing::gzip(kEvent);
  EXPECT_EQ(statuses(exchange(post(members))), "202");
  while (members.size() < 40'000) members += testing::gzip("");
  EXPECT_EQ(statuses(exchange(post(members))), "503");
}

TEST_F(HttpSessionTest, HeadIsAnsweredAsGetWithoutTheBody) {
  start();
  for (const char* target : {"/healthz", "/v1/popular", "/none", "/v1/popular?k=x"}) {
    const std::string get = exchange("GET "s + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string head = exchange("HEAD "s + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
    EXPECT_EQ(count(head, "\r\n\r\n"), 1U) << head;
    EXPECT_EQ(statuses(head), statuses(get));
    const std::size_t body = get.size() - get.find("\r\n\r\n") - 4;
    EXPECT_NE(head.find("Content-Length: " + std::to_string(body) + "\r\n"), std::string::npos) << head;
  }
  const std::string refused = exchange("HEAD /healthz HTTP/1.1\r\n\r\n");
  EXPECT_EQ(statuses(refused), "400");
  EXPECT_TRUE(refused.ends_with("\r\n\r\n")) << refused;
}

TEST_F(HttpSessionTest, OptionsAndWrongMethodsNameTheRightOnes) {
  start();
  EXPECT_NE(exchange("POST /v1/popular HTTP/1.1\r\nHost: localhost\r\n\r\n").find("\r\nAllow: GET, HEAD\r\n"),
            std::string::npos);
  EXPECT_NE(exchange("OPTIONS /v1/items/a HTTP/1.1\r\nHost: localhost\r\n\r\n").find("PATCH"), std::string::npos);
  EXPECT_EQ(statuses(exchange("OPTIONS /none HTTP/1.1\r\nHost: localhost\r\n\r\n")), "404");
  const std::string all = exchange("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(statuses(all), "204");
  EXPECT_NE(all.find("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"), std::string::npos) << all;
}

TEST_F(HttpSessionTest, OnlyHttp11IsToldToContinue) {
  start();
  const std::string head = "\r\nHost: localhost\r\nExpect: 100-Continue\r\nContent-Length: 23\r\n\r\n";
  EXPECT_EQ(statuses(exchange("POST /v1/events HTTP/1.1" + head + kEvent)), "100 202");
  EXPECT_EQ(statuses(exchange("POST /v1/events HTTP/1.0" + head + kEvent)), "202");
  EXPECT_EQ(statuses(exchange("POST /none HTTP/1.1" + head + kEvent)), "404");
}

TEST_F(HttpSessionTest, LargeBodiesTogetherStayWithinTheirBudget) {
  options_.max_body_bytes_total = options_.max_body_bytes;
  start();
  const std::string large = kEvent + std::string(60'000 - kEvent.size(), ' ');
  const std::string head = kPost + "Content-Length: 60000\r\n";
  auto first = connect();
  send(first, head + "Expect: 100-continue\r\nConnection: close\r\n\r\n");
  std::string go_on;
  boost::asio::read_until(first, boost::asio::dynamic_buffer(go_on), "\r\n\r\n");
  ASSERT_EQ(statuses(go_on), "100");

  const std::string refused = exchange(head + "\r\n" + large + kSmuggled);
  EXPECT_EQ(statuses(refused), "503") << refused;
  EXPECT_NE(refused.find("\r\nRetry-After: "), std::string::npos) << refused;
  EXPECT_EQ(statuses(exchange(kPost + "Transfer-Encoding: chunked\r\n\r\nea60\r\n" + large + "\r\n0\r\n\r\n")), "503");
  EXPECT_EQ(statuses(exchange(kPost + "Content-Length: 23\r\n\r\n" + kEvent)), "202") << "small ones find room";

  send(first, large);
  EXPECT_EQ(statuses(rest(first)), "202");
  EXPECT_EQ(statuses(exchange(head + "\r\n" + large)), "202");
}

TEST_F(HttpSessionTest, LargeAnswersTogetherStayWithinTheirBudget) {
  const std::string large = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine\r\n\r\n";
  options_.max_answer_bytes_total = options_.max_header_bytes;
  start();
  const std::string refused = exchange(large + "GET /v1/popular HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(statuses(refused), "503 200") << "small ones find room";
  EXPECT_NE(refused.find("\r\nRetry-After: "), std::string::npos) << refused;
  EXPECT_NE(refused.find("\r\nX-Request-Id: mine\r\n"), std::string::npos) << refused;
  EXPECT_NE(refused.find("is larger than serve.max_answer_bytes_total"), std::string::npos) << "it never fits";
  EXPECT_EQ(fixture_.metrics.counter("freshet_serve_withheld_answers_total", "").Value(), 1);
}

// Who asked for a change would ask again, although it has been made.
TEST_F(HttpSessionTest, TheAnswerToAChangeIsNotWithheld) {
  fixture_.sink.answer = Receipt{1, {}, {{0, 7}}};
  for (std::size_t i = 0; i < 1000; ++i) fixture_.sink.answer->rejected.push_back({i, "item: missing"});
  options_.max_answer_bytes_total = options_.max_header_bytes;
  start();
  const std::string answer = exchange(kPost + "Content-Length: 23\r\n\r\n" + kEvent);
  EXPECT_GT(answer.size(), options_.max_answer_bytes_total);
  EXPECT_EQ(statuses(answer), "202");
}

TEST_F(HttpSessionTest, AnAnswerLeavesItsBudgetOnceItIsRead) {
  options_.max_answer_bytes_total = std::size_t{1} << 20;
  start();
  const std::string large = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 30; ++i) ASSERT_EQ(statuses(exchange(large)), "200") << i;
}

TEST_F(HttpSessionTest, WhatTheParserRefusesIsCountedAndKeepsItsRequestId) {
  start();
  const std::string mine = "X-Request-Id: mine\r\n";
  for (const auto& [bytes, status, route] : std::vector<std::array<std::string, 3>>{
           {kPost + mine + "Content-Length: 999999999\r\n\r\n", "413", "POST /v1/events"},
           {kPost + mine + "Transfer-Encoding: chunked\r\n\r\n5;" + std::string(100'000, 'a'), "413",
            "POST /v1/events"},
           {kPost + mine + "Transfer-Encoding: x\r\n\r\n", "400", "none"},
           {kPost + mine + "Transfer-Encoding: chunked\r\n\r\nz\r\n", "400", "POST /v1/events"},
           {kPost + mine + "No colon\r\n\r\n", "400", "none"},
           {kPost + mine + "X: " + std::string(8000, 'x') + "\r\n\r\n", "431", "none"}}) {
    Counter& counted =
        fixture_.metrics.counter("freshet_serve_requests_total", "", {{"route", route}, {"status", status}});
    const double before = counted.Value();
    const std::string answer = exchange(bytes);
    EXPECT_EQ(statuses(answer), status) << answer;
    EXPECT_NE(answer.find("\r\nX-Request-Id: mine\r\n"), std::string::npos) << answer;
    EXPECT_EQ(counted.Value(), before + 1) << bytes.substr(0, 200);
  }
}

}  // namespace
}  // namespace freshet::serve
