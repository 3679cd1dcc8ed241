// SPDX-License-Identifier: Apache-2.0
#include "serve/http/server.h"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/rocks.h"
#include "tests/unit/serve/http/server_fixture.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;

TEST_F(ServerTest, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  start();
  auto socket = connect();
  send(socket, get("/healthz") + get("/v1/popular?k=x") + get("/healthz", "Connection: close\r\n"));
  const std::string answers = rest(socket);
  EXPECT_EQ(count(answers, "HTTP/1.1 200"), 2U);
  EXPECT_LT(answers.find("200 OK"), answers.find("400 Bad"));
  EXPECT_LT(answers.find("400 Bad"), answers.rfind("200 OK"));
}

TEST_F(ServerTest, WhoeverWaitsIsAnsweredWhenTheTimeIsOver) {
  options_.threads = 1;
  options_.after_timeout = std::chrono::milliseconds(10);
  start();
  std::vector<Tcp::socket> sockets;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(connect());
    send(sockets.back(), get("/v1/users/u/recommendations?after=0-999999", "Connection: close\r\n"));
  }
  for (Tcp::socket& socket : sockets) EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 412 "));
}

TEST_F(ServerTest, HeadHasNoBody) {
  start();
  auto socket = connect();
  send(socket, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string answer = rest(socket);
  EXPECT_NE(answer.find("Content-Length: 14"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, TooLargeBodiesAndHeadersAreRefusedAndTold) {
  start();
  auto body = connect();
  send(body,
       "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, ' '));
  EXPECT_NE(rest(body).find("413"), std::string::npos);
  auto header = connect();
  send(header, get("/healthz", "X-Long: " + std::string(8000, 'x') + "\r\n"));
  EXPECT_NE(rest(header).find("431"), std::string::npos);
  auto nonsense = connect();
  send(nonsense, "this is not HTTP\r\n\r\n");
  EXPECT_NE(rest(nonsense).find("400"), std::string::npos);
}

TEST_F(ServerTest, AChunkExtensionOrATrailerWithoutAnEndIsRefusedAndTold) {
  start();
  for (const char* beginning : {"5;", "0\r\nX-Trailer: "}) {
    auto socket = connect();
    send(socket, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" +
                     std::string(beginning) + std::string(100'000, 'a'));
    EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 413 ")) << beginning;
  }
}

TEST_F(ServerTest, ABodyThatNobodyAskedForIsNotRead) {
  start();
  for (const char* call : {"GET /healthz", "HEAD /readyz", "GET /openapi.json", "DELETE /v1/items/none"}) {
    for (const char* body : {"Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5;"}) {
      auto socket = connect();
      send(socket, std::string(call) + " HTTP/1.1\r\nHost: localhost\r\n" + body);  // of which nothing follows
      const std::string answer = rest(socket);
      EXPECT_TRUE(answer.starts_with(call[0] == 'D' ? "HTTP/1.1 202 " : "HTTP/1.1 200 ")) << call << ": " << answer;
      EXPECT_NE(answer.find("Connection: close"), std::string::npos) << call;
    }
  }
}

TEST_F(ServerTest, ExpectContinueIsAnswered) {
  start();
  auto socket = connect();
  send(socket,
       "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: "
       "2\r\n\r\n");
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer), "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100")) << answer;
  send(socket, "{}");
  EXPECT_NE(rest(socket).find("202"), std::string::npos);
}

TEST_F(ServerTest, ASlowHeaderAndAnIdleConnectionAreClosed) {
  options_.header_timeout = std::chrono::milliseconds(50);
  options_.idle_timeout = std::chrono::milliseconds(50);
  start();
  auto slow = connect(), idle = connect();
  send(slow, "GET /healthz HTT");
  EXPECT_EQ(rest(slow), "");
  EXPECT_EQ(rest(idle), "");
}

TEST_F(ServerTest, AHalfClosedConnectionStillGetsItsAnswer) {
  start();
  auto socket = connect();
  send(socket, get("/healthz"));
  socket.shutdown(Tcp::socket::shutdown_send);
  EXPECT_NE(rest(socket).find("200 OK"), std::string::npos);
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreClosed) {
  options_.max_connections = 1;
  start();
  auto first = connect();
  send(first, get("/healthz"));
  std::string answer;
  asio::read_until(first, asio::dynamic_buffer(answer), "\r\n\r\n");
  auto second = connect();
  EXPECT_EQ(rest(second), "");
}

TEST_F(ServerTest, StoppingLetsARequestInFlightFinish) {
  fixture_.sink.hold = true;
  start();
  auto socket = connect();
  send(socket, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
  std::thread stopping([&] {
    // Wait until the request is in flight, then stop under it.
    while (fixture_.sink.submitted() == 0) std::this_thread::yield();
    server_->stop();
  });
  while (!fixture_.sink.answer_held(Receipt{1, {}, {{0, 1}}})) std::this_thread::yield();
  EXPECT_NE(rest(socket).find("202"), std::string::npos);
  stopping.join();
}

TEST_F(ServerTest, WhoWaitsForTheDiskHoldsUpNobodyElse) {
  options_.threads = 1;
  start();
  Item mug;
  mug.item = "mug";
  testing::put_items(fixture_.catalogue, {mug});
  std::unique_lock bad_disk(fixture_.database.impl().history_writes);
  auto erase = connect();
  send(erase, "DELETE /v1/users/u3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  for (const char* target : {"/healthz", "/v1/popular", "/v1/items/mug"}) {
    auto socket = connect();
    send(socket, get(target, "Connection: close\r\n"));
    EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 200 ")) << target;
  }
  bad_disk.unlock();
  EXPECT_TRUE(rest(erase).starts_with("HTTP/1.1 202 "));
}

TEST_F(ServerTest, StopsAlthoughChangesWaitForTheDisk) {
  options_.threads = 1;
  options_.drain_timeout = std::chrono::milliseconds(1);
  start();
  std::unique_lock bad_disk(fixture_.database.impl().history_writes);
  std::vector<Tcp::socket> sockets;
  for (int i = 0; i < 8; ++i) {
    sockets.push_back(connect());
    send(sockets.back(), "DELETE /v1/users/u3 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  auto socket = connect();
  send(socket, get("/healthz", "Connection: close\r\n"));
  EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 200 "));
  std::thread stopping([&] { server_.reset(); });
  bad_disk.unlock();
  stopping.join();
  for (Tcp::socket& one : sockets) {
    const std::string answer = rest(one);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 20")) << answer;
  }
}

TEST_F(ServerTest, APortInUseIsNamed) {
  start();
  Options second = options_;
  second.port = server_->port();
  try {
    Server other(second, fixture_.services());
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot listen on 127.0.0.1:" + std::to_string(second.port) + ": Address already in use");
  }
}

TEST_F(ServerTest, ListensOnANameThatHasAnAddress) {
  options_.address = "localhost";
  start();
  auto socket = connect();
  send(socket, get("/healthz", "Connection: close\r\n"));
  EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 200 "));

  Options unknown = options_;
  unknown.address = "freshet.invalid";
  unknown.allow_public = true;
  try {
    Server other(unknown, fixture_.services());
    FAIL() << "an address of a name that has none";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("cannot listen on freshet.invalid:0: Host not found"))
        << error.what();
  }
}

}  // namespace
}  // namespace freshet::serve
