// SPDX-License-Identifier: Apache-2.0
// Bodies of lines that are larger than a piece.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "serve/access/key_ring.h"
#include "tests/support/eventually.h"
#include "tests/support/gzip.h"
#include "tests/support/test_seed.h"
#include "tests/unit/serve/http/server_fixture.h"

namespace freshet::serve {
namespace {

namespace json = boost::json;
using Tcp = boost::asio::ip::tcp;

constexpr std::size_t kPiece = 1 << 16;  // serve.max_body_bytes of the fixture
constexpr std::string_view kNothing = "0-0";

std::string item_line(std::size_t number) {
  return R"({"item":"i)" + std::to_string(number) + R"(","title":"M)" + "\xc3\xbc" + R"(cke )" + std::string(40, 'x') +
         "\"}\n";
}

std::string lines(std::size_t from, std::size_t to, const std::function<std::string(std::size_t)>& line = item_line) {
  std::string text;
  for (std::size_t i = from; i < to; ++i) text += line(i);
  return text;
}

std::string event_line(std::size_t number) { return R"({"user":"u","item":"i)" + std::to_string(number) + "\"}\n"; }

class LineStreamTest : public ServerTest {
 protected:
  struct Answer {
    unsigned status = 0;
    std::string head;
    json::object body;

    std::uint64_t number(std::string_view name) const { return body.at(name).to_number<std::uint64_t>(); }
    std::string text(std::string_view name) const { return json::value_to<std::string>(body.at(name)); }
  };

  static std::string head(const std::string& more, const std::string& method = "POST",
                          const std::string& target = "/v1/items") {
    return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n" + more +
           "\r\n";
  }
  static std::string chunk(std::string_view data) {
    std::ostringstream text;
    text << std::hex << data.size() << "\r\n" << data << "\r\n";
    return text.str();
  }

  /// One answer; the connection may go on.
  static Answer answer_of(Tcp::socket& socket) {
    std::string text;
    auto buffer = boost::asio::dynamic_buffer(text);
    const std::size_t head_size = boost::asio::read_until(socket, buffer, "\r\n\r\n");
    Answer answer{static_cast<unsigned>(std::stoul(text.substr(9, 3))), text.substr(0, head_size), {}};
    const std::size_t length = answer.head.find("Content-Length: ");
    if (length == std::string::npos) return answer;
    const std::size_t size = head_size + std::stoul(answer.head.substr(length + 16));
    while (text.size() < size) boost::asio::read(socket, buffer, boost::asio::transfer_at_least(1));
    answer.body = json::parse(text.substr(head_size, size - head_size)).as_object();
    return answer;
  }

  Answer post(const std::string& body) {
    auto socket = connect();
    send(socket, head("Content-Length: " + std::to_string(body.size()) + "\r\n") + body);
    return answer_of(socket);
  }

  bool has(std::size_t number) { return fixture_.catalogue.find("i" + std::to_string(number))->has_value(); }
};

TEST_F(LineStreamTest, EveryLineIsTakenWhereverChunksEnd) {
  start();
  std::mt19937_64 random(testing::test_seed(1));
  const std::string body = "\xef\xbb\xbf" + lines(0, 1000) + "\r\n\n" +
                           lines(1000, 2000,
                                 [](std::size_t i) {
                                   const std::string line = item_line(i);
                                   return line.substr(0, line.size() - 1) + "\r\n";
                                 }) +
                           "{\"item\":\n" + lines(2001, 4000) + "[1,2]\n" + item_line(4001).substr(0, 20) +
                           "\xff\"}\n" + item_line(4002);
  for (const std::size_t most : {3U, 100U, 5'000U, 200'000U}) {
    const std::size_t without_end = body.size() - 1;
    auto socket = connect();
    send(socket, head("Transfer-Encoding: chunked\r\n"));
    std::string chunks;
    for (std::size_t at = 0; at < without_end;) {
      const std::size_t size = std::min(1 + random() % most, without_end - at);
      chunks += chunk(std::string_view(body).substr(at, size));
      at += size;
    }
    send(socket, chunks + "0\r\n\r\n");
    const Answer answer = answer_of(socket);
    ASSERT_EQ(answer.status, 202U) << json::serialize(answer.body);
    EXPECT_EQ(answer.number("accepted"), 4000U);
    std::vector<std::uint64_t> rejected;
    for (const auto& one : answer.body.at("rejected").as_array()) {
      rejected.push_back(one.at("index").to_number<std::uint64_t>());
    }
    EXPECT_EQ(rejected, (std::vector<std::uint64_t>{2000, 4000, 4001})) << json::serialize(answer.body);
    EXPECT_FALSE(answer.body.contains("rejected_count"));
    send(socket, get("/v1/items/i4002?after=" + answer.text("token")));
    EXPECT_EQ(answer_of(socket).status, 200U) << "the connection is in step";
  }
  for (std::size_t i = 0; i <= 4002; ++i) EXPECT_EQ(has(i), i != 2000 && i != 4000 && i != 4001) << i;
}

TEST_F(LineStreamTest, PatchesAndEventsAreTakenToo) {
  start();
  EXPECT_EQ(post(lines(0, 2000)).status, 202U);
  const std::string patches =
      lines(0, 4000, [](std::size_t i) { return R"({"item":"i)" + std::to_string(i) + "\",\"price\":7}\n"; });
  auto socket = connect();
  send(socket, head("Content-Length: " + std::to_string(patches.size()) + "\r\n", "PATCH") + patches);
  const Answer patched = answer_of(socket);
  EXPECT_EQ(patched.status, 202U);
  EXPECT_EQ(patched.number("accepted"), 4000U);
  EXPECT_EQ(fixture_.catalogue.find("i1999")->value().price, 7);

  const std::string events = lines(0, 20'000, event_line);
  send(socket, head("Content-Length: " + std::to_string(events.size()) + "\r\n", "POST", "/v1/events") + events);
  EXPECT_EQ(answer_of(socket).status, 202U);
  std::string all;
  for (const std::string& body : fixture_.sink.bodies) {
    EXPECT_LE(body.size(), 2 * kPiece) << "a piece, and what was read with it";
    all += body;
  }
  EXPECT_EQ(all, events);
  EXPECT_GE(fixture_.sink.bodies.size(), 3U);
}

TEST_F(LineStreamTest, ALineThatIsTooLongIsRejectedByItsIndex) {
  start();
  const std::string fits = R"({"item":"fits","title":")" + std::string(1000, 'x') + "\"}";
  const std::string exact = fits + std::string(kPiece - fits.size(), ' ');
  const std::string body = lines(0, 100) + R"({"item":"i100","text":")" + std::string(20 << 20, 'x') + "\"}\n" + exact +
                           "\n" + exact + " \n" + lines(103, 200);
  const Answer answer = post(body);
  ASSERT_EQ(answer.status, 202U);
  EXPECT_EQ(answer.number("accepted"), 198U);
  EXPECT_EQ(json::serialize(answer.body.at("rejected")),
            R"([{"index":100,"error":"the line is longer than 65536 bytes"},)"
            R"({"index":102,"error":"the line is longer than 65536 bytes"}])");
  EXPECT_TRUE(fixture_.catalogue.find("fits")->has_value());
  EXPECT_TRUE(has(199));
}

TEST_F(LineStreamTest, TheFirstRejectedLinesAreListedAndAllAreCounted) {
  options_.max_items_per_request = 10;
  start();
  std::string body = item_line(0);
  for (int i = 0; i < 100; ++i) body += "{}\n";
  const Answer some = post(body);
  ASSERT_EQ(some.status, 202U) << "more lines than an array may have items";
  EXPECT_EQ(some.number("accepted"), 1U);
  EXPECT_EQ(some.body.at("rejected").as_array().size(), 10U);
  EXPECT_EQ(some.number("rejected_count"), 100U);
  const Answer none = post(body.substr(item_line(0).size()));
  EXPECT_EQ(none.status, 400U);
  EXPECT_EQ(none.number("rejected_count"), 100U);
  EXPECT_EQ(post(std::string(100, '\n')).status, 400U) << "empty";
}

TEST_F(LineStreamTest, OneThatEndsEarlyIsToldWhatWasTaken) {
  start();
  std::size_t first = 0;
  for (const auto& [name, end] : std::vector<std::pair<std::string, std::string>>{
           {"its end", ""}, {"a bad size", "z\r\n"}, {"a smuggled request", "GET /v1/popular HTTP/1.1\r\n\r\n"}}) {
    auto socket = connect();
    send(socket, head("Transfer-Encoding: chunked\r\n") + chunk(lines(first, first + 3000)) + end);
    socket.shutdown(Tcp::socket::shutdown_send);
    const Answer answer = answer_of(socket);
    EXPECT_EQ(answer.status, 400U) << name;
    const std::size_t taken = answer.number("taken");
    EXPECT_EQ(answer.number("accepted"), taken) << name;
    EXPECT_GT(taken, 700U) << name;
    EXPECT_TRUE(has(first + taken - 1)) << name;
    EXPECT_FALSE(has(first + taken)) << name;
    first += 3000;
    EXPECT_EQ(rest(socket), "") << name << ": nothing else is answered";
  }
  const Metrics::Labels labels{{"route", "POST /v1/items"}, {"status", "400"}};
  EXPECT_EQ(fixture_.metrics.counter("freshet_serve_requests_total", "", labels).Value(), 3);
}

TEST_F(LineStreamTest, WhatAClientThatGoesAwayHasSentIsTaken) {
  start();
  {
    auto socket = connect();
    send(socket, head("Content-Length: 1000000000\r\n") + lines(0, 3000));
  }
  EXPECT_TRUE(testing::eventually([&] { return has(700); }));
}

TEST_F(LineStreamTest, AFullLogStopsItAndSaysWhereToGoOn) {
  std::size_t pieces = 0;
  fixture_.sink.before_answer = [&] {
    const auto sent = static_cast<std::size_t>(std::ranges::count(fixture_.sink.bodies.back(), '\n'));
    fixture_.sink.answer = ++pieces == 3 ? Result<Receipt>(Error{Errc::unavailable, "the log is full"})
                                         : Receipt{sent, {}, {{0, static_cast<std::int64_t>(pieces)}}};
  };
  start();
  const std::string events = lines(0, 20'000, event_line);
  auto socket = connect();
  send(socket, head("Content-Length: " + std::to_string(events.size()) + "\r\n", "POST", "/v1/events") + events);
  const Answer answer = answer_of(socket);
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.text("detail"), "the log is full");
  EXPECT_NE(answer.head.find("\r\nRetry-After: "), std::string::npos);
  const std::size_t taken = answer.number("taken");
  EXPECT_EQ(lines(0, taken, event_line), fixture_.sink.bodies[0] + fixture_.sink.bodies[1]);
  EXPECT_EQ(answer.text("token"), "0-2");
  EXPECT_EQ(fixture_.sink.bodies.size(), 3U);
}

TEST_F(LineStreamTest, APieceThatIsNotDurableInTimeIsNotTaken) {
  options_.events_timeout = std::chrono::milliseconds(50);
  fixture_.sink.hold = true;
  start();
  const std::string events = lines(0, 20'000, event_line);
  auto socket = connect();
  send(socket, head("Content-Length: " + std::to_string(events.size()) + "\r\n", "POST", "/v1/events") + events);
  const Answer answer = answer_of(socket);
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.number("taken"), 0U);
  EXPECT_EQ(answer.text("token"), kNothing);
  EXPECT_EQ(fixture_.sink.submitted(), 1U) << "no more is read before it is durable";
  EXPECT_TRUE(fixture_.sink.answer_held(Receipt{1, {}, {{0, 7}}})) << "late, and harmless";
}

TEST_F(LineStreamTest, PiecesCountInTheLimitOfTheKey) {
  const std::string key = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  std::ofstream(options_.keys_file) << key_line("feed", {Scope::write}, {{}, RateLimit{0.1, 15}}, key) << "\n";
  fixture_.sink.weight = 10;
  start();
  const std::string events = lines(0, 20'000, event_line);
  auto socket = connect();
  send(socket, head("X-API-Key: " + key + "\r\nContent-Length: " + std::to_string(events.size()) + "\r\n", "POST",
                    "/v1/events") +
                   events);
  const Answer answer = answer_of(socket);
  EXPECT_EQ(answer.status, 429U);
  EXPECT_EQ(answer.number("taken"), 2U) << "one for each piece, as the sink says";
  EXPECT_NE(answer.head.find("\r\nRetry-After: "), std::string::npos);
  EXPECT_EQ(fixture_.sink.submitted(), 2U);
}

TEST_F(LineStreamTest, AStalledSenderIsToldAndWhatItSentIsTaken) {
  options_.header_timeout = std::chrono::milliseconds(200);
  start();
  auto socket = connect();
  send(socket, head("Transfer-Encoding: chunked\r\n") + chunk(item_line(0)));
  EXPECT_TRUE(testing::eventually([&] { return has(0); }));
  send(socket, chunk(item_line(1) + item_line(2).substr(0, 5)));
  const Answer answer = answer_of(socket);
  EXPECT_EQ(answer.status, 408U);
  EXPECT_EQ(answer.number("taken"), 2U);
  EXPECT_EQ(answer.number("accepted"), 2U);
  EXPECT_EQ(rest(socket), "");
}

TEST_F(LineStreamTest, StoppingTheServerStopsItBetweenPieces) {
  fixture_.sink.hold = true;
  start();
  auto socket = connect();
  const std::string events = lines(0, 3000, event_line);
  send(socket, head("Transfer-Encoding: chunked\r\n", "POST", "/v1/events") + chunk(events));
  EXPECT_TRUE(testing::eventually([&] { return fixture_.sink.submitted() == 1; }));
  std::thread stopping([&] { server_->stop(); });
  EXPECT_TRUE(testing::eventually([&] {
    try {
      connect();
      return false;
    } catch (const boost::system::system_error&) {
      return true;
    }
  }));
  EXPECT_TRUE(fixture_.sink.answer_held(Receipt{1500, {}, {{0, 7}}}));
  const Answer answer = answer_of(socket);
  stopping.join();
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.number("taken"), 1500U);
  EXPECT_EQ(fixture_.sink.submitted(), 1U);
}

TEST_F(LineStreamTest, ManyTogetherStayWithinTheBudgetOfBodies) {
  options_.max_body_bytes_total = kPiece;
  fixture_.sink.hold = true;
  start();
  const std::string events = lines(0, 3000, event_line);
  const std::string request =
      head("Content-Length: " + std::to_string(events.size()) + "\r\n", "POST", "/v1/events") + events;
  auto first = connect();
  send(first, request);
  EXPECT_TRUE(testing::eventually([&] { return fixture_.sink.submitted() == 1; }));
  auto second = connect();
  send(second, request);
  EXPECT_EQ(answer_of(second).status, 503U);
  EXPECT_TRUE(testing::eventually([&] {
    fixture_.sink.answer_held(Receipt{1, {}, {{0, 7}}});
    return first.available() > 0;
  }));
  EXPECT_EQ(answer_of(first).status, 202U);
}

TEST_F(LineStreamTest, ItIsToldToContinue) {
  start();
  auto socket = connect();
  const std::string body = lines(0, 3000);
  send(socket, head("Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_EQ(answer_of(socket).status, 100U);
  send(socket, body);
  EXPECT_EQ(answer_of(socket).status, 202U);
}

TEST_F(LineStreamTest, OtherBodiesHaveTheirLimit) {
  start();
  const std::string body = lines(0, 3000), packed = testing::gzip(body);
  const auto answer = [&](const std::string& type, const std::string& more, const std::string& sent) {
    auto socket = connect();
    send(socket, "POST /v1/items HTTP/1.1\r\nHost: localhost\r\n" + type + more +
                     "Content-Length: " + std::to_string(sent.size()) + "\r\n\r\n" + sent);
    return answer_of(socket);
  };
  for (const Answer& refused :
       {answer("Content-Type: application/json\r\n", "", body), answer("", "", body),
        answer("Content-Type: application/x-ndjson\r\n", "Content-Encoding: gzip\r\n", packed)}) {
    EXPECT_EQ(refused.status, 413U);
    EXPECT_NE(refused.text("detail").find("application/x-ndjson"), std::string::npos);
  }
  EXPECT_EQ(post("[" + lines(0, 1).substr(0, 60) + "\"}]").status, 202U) << "a small body may be any JSON";
  EXPECT_FALSE(has(1));
}

}  // namespace
}  // namespace freshet::serve
