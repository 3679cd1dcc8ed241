// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <memory>
#include <string>

#include "serve/http/server.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {

/// A server on a free port, and clients that send it raw bytes.
class ServerTest : public ::testing::Test {
 protected:
  using Tcp = boost::asio::ip::tcp;

  ServerTest() {
    options_.port = 0;
    options_.max_body_bytes = 1 << 16;
    options_.max_header_bytes = 4096;
  }

  void start() { server_ = std::make_unique<Server>(options_, fixture_.services()); }

  Tcp::socket connect() {
    Tcp::socket socket(context_);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  static void send(Tcp::socket& socket, const std::string& text) {
    boost::asio::write(socket, boost::asio::buffer(text));
  }

  /// Everything until the server closes.
  static std::string rest(Tcp::socket& socket) {
    std::string text;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(text), error);
    return text;
  }

  static std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
  }

  static std::size_t count(const std::string& text, const std::string& word) {
    std::size_t found = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
  }

  Options options_;
  testing::ServiceFixture fixture_;
  std::unique_ptr<Server> server_;
  boost::asio::io_context context_;
};

}  // namespace freshet::serve
