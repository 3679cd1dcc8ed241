// SPDX-License-Identifier: Apache-2.0
#include "serve/http/tls.h"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <fstream>

#include "serve/http/server.h"
#include "tests/support/eventually.h"
#include "tests/support/self_signed.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    options_.port = 0;
    options_.tls.certificate = fixture_.dir.path() + "/server.crt";
    options_.tls.key = fixture_.dir.path() + "/server.key";
    renew("first");
  }

  void renew(const std::string& name) { testing::write_self_signed(name, options_.tls.certificate, options_.tls.key); }

  void start() { server_ = std::make_unique<Server>(options_, fixture_.services()); }

  /// What starting with these options says.
  std::string refusal(const TlsOptions& options) {
    try {
      const Tls tls(options, fixture_.metrics);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  /// A client that takes any certificate and tells whose it was.
  struct Client {
    Client(asio::io_context& io, std::uint16_t port, int newest_version = 0) : stream(io, context) {
      SSL_set_max_proto_version(stream.native_handle(), newest_version);
      stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
      stream.handshake(asio::ssl::stream_base::client, error);
      if (error) return;
      const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(stream.native_handle()),
                                                             X509_free);
      std::array<char, 64> name{};
      X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name.data(), name.size());
      server = name.data();
    }

    /// The answer to a GET of a small document, connection kept.
    std::string get(const std::string& target) {
      asio::write(stream, asio::buffer("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), error);
      std::string answer;
      asio::read_until(stream, asio::dynamic_buffer(answer), "}", error);
      return answer;
    }

    asio::ssl::context context{asio::ssl::context::tls_client};
    asio::ssl::stream<Tcp::socket> stream;
    boost::system::error_code error;
    std::string server;
  };

  Client connect(int newest_version = 0) { return {io_, server_->port(), newest_version}; }

  asio::io_context io_;
  testing::ServiceFixture fixture_;
  Options options_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, AStalledSenderOfLinesIsToldWhatWasTaken) {
  options_.header_timeout = std::chrono::milliseconds(200);
  start();
  Client client = connect();
  asio::write(client.stream, asio::buffer(std::string("POST /v1/items HTTP/1.1\r\nHost: localhost\r\n"
                                                      "Content-Type: application/x-ndjson\r\nContent-Length: 1000\r\n"
                                                      "\r\n{\"item\":\"i\"}\n{\"it")));
  std::string answer;
  asio::read_until(client.stream, asio::dynamic_buffer(answer), "}", client.error);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
  EXPECT_NE(answer.find("\"taken\":1,"), std::string::npos) << answer;
}

TEST_F(TlsTest, RequestsAreAnsweredAndTheLimitsHold) {
  options_.max_header_bytes = 4096;
  start();
  Client client = connect();
  EXPECT_EQ(client.server, "first");
  EXPECT_NE(client.get("/healthz").find("200 OK"), std::string::npos);
  EXPECT_NE(client.get("/v1/popular?k=0").find("400 Bad Request"), std::string::npos);
  EXPECT_NE(client.get("/" + std::string(8000, 'x')).find("431"), std::string::npos);
}

TEST_F(TlsTest, AnAnswerOfManyRecordsArrivesWhole) {
  start();
  Client client = connect();
  const std::string request = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  asio::write(client.stream, asio::buffer(request));
  std::string answer;
  boost::system::error_code end;
  asio::read(client.stream, asio::dynamic_buffer(answer), end);
  const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
  EXPECT_GT(body.size(), 32U << 10);  // two records hold no more
  EXPECT_NE(answer.find("Content-Length: " + std::to_string(body.size())), std::string::npos);
}

TEST_F(TlsTest, OlderVersionsThanTls12AreRefused) {
  start();
  Client old(io_, server_->port(), TLS1_1_VERSION);
  EXPECT_TRUE(old.error);
  Client fine = connect(TLS1_2_VERSION);
  EXPECT_NE(fine.get("/healthz").find("200 OK"), std::string::npos);
}

TEST_F(TlsTest, APlainRequestGetsNoAnswerAndAHandshakeMustNotTakeForEver) {
  options_.tls.handshake_timeout = std::chrono::milliseconds(50);
  start();
  for (const std::string& words :
       {std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string("\x16")}) {
    Tcp::socket socket(io_);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    asio::write(socket, asio::buffer(words));
    std::string answer;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    EXPECT_EQ(answer.find("HTTP"), std::string::npos);
  }
  // The peer sees the end of the connection before the server has counted it.
  EXPECT_TRUE(testing::eventually([&] {
    return fixture_.metrics.render().find("freshet_serve_tls_handshake_failures_total 2") != std::string::npos;
  }));
}

TEST_F(TlsTest, ANewCertificateIsForNewConnectionsAndOldOnesLiveOn) {
  start();
  Client old = connect();
  EXPECT_NE(old.get("/healthz").find("200 OK"), std::string::npos);
  renew("second");
  server_->reload();
  EXPECT_EQ(connect().server, "second");
  EXPECT_NE(old.get("/healthz").find("200 OK"), std::string::npos);
}

TEST_F(TlsTest, ABrokenNewCertificateLeavesTheOldOneInUse) {
  start();
  std::ofstream(options_.tls.certificate) << "nonsense";
  server_->reload();
  EXPECT_EQ(connect().server, "first");
  EXPECT_NE(fixture_.metrics.render().find(R"(freshet_serve_reloads_total{result="failed"} 1)"), std::string::npos);
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamedWithTheReason) {
  const auto path = [&](const char* name) { return fixture_.dir.path() + "/" + name; };
  EXPECT_EQ(refusal({path("absent"), options_.tls.key}),
            "serve.tls.certificate: " + path("absent") + " cannot be used: No such file or directory");
  EXPECT_EQ(refusal({options_.tls.certificate, path("absent")}),
            "serve.tls.key: " + path("absent") + " cannot be used: No such file or directory");
  testing::write_self_signed("other", path("other.crt"), path("other.key"));
  EXPECT_EQ(refusal({options_.tls.certificate, path("other.key")}),
            "serve.tls.key: " + path("other.key") + " cannot be used: key values mismatch");
  EXPECT_EQ(refusal({options_.tls.key, options_.tls.key}),
            "serve.tls.certificate: " + options_.tls.key + " cannot be used: no start line");
}

TEST_F(TlsTest, StoppingDoesNotWaitForIdleConnections) {
  options_.drain_timeout = std::chrono::hours(1);
  start();
  Client idle = connect();
  EXPECT_NE(idle.get("/healthz").find("200 OK"), std::string::npos);
  server_->stop();
}

}  // namespace
}  // namespace freshet::serve
