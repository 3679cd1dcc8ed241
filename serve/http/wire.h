// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/error.hpp>
#include <boost/beast/core.hpp>
#include <cstddef>
#include <string_view>

#include "serve/http/connection.h"
#include "serve/http/http_request.h"
#include "serve/options.h"

namespace freshet::serve {

/// The bytes of one connection: reads them into a buffer, from there into parsers, and sends answers.
/// A template, instantiated for PlainStream and TlsStream, so that plain connections have no cost for TLS.
/// Threads: the one of the connection.
template <typename Stream>
class Wire {
 public:
  using ErrorCode = boost::beast::error_code;
  static constexpr std::size_t kHeaderPiece = 8 << 10, kBodyPiece = 64 << 10;  // read at a time

  Wire(Stream& stream, Connection& connection, const Options& options)
      : stream_(stream), connection_(connection), options_(options) {}

  /// True if the buffer begins with a request. Skips empty lines in front of it, which some clients send behind a body
  /// (RFC 9112 2.2).
  bool request_begins();

  Awaitable<ErrorCode> read_more(std::size_t most);

  /// Reads and parses until done(). Beast's http::async_read would queue behind all other requests of the thread, even if
  /// the whole request is in the buffer.
  template <typename Done>
  Awaitable<ErrorCode> read(HttpParser& parser, Done done);

  /// False if it cannot be sent within serve.write_timeout.
  Awaitable<bool> send(std::string_view message);

  /// Closing a connection with unread input would reset it before the client has read the answer.
  Awaitable<void> ignore_the_rest();

  /// Keeps no memory for a body that is read.
  void shrink();

 private:
  Stream& stream_;
  Connection& connection_;
  const Options& options_;
  boost::beast::flat_buffer buffer_{options_.max_header_bytes + kBodyPiece};  // a body does not stay in it
};

template <typename Stream>
template <typename Done>
Awaitable<boost::beast::error_code> Wire<Stream>::read(HttpParser& parser, Done done) {
  namespace http = boost::beast::http;
  while (!done()) {
    ErrorCode error;
    buffer_.consume(parser.put(buffer_.data(), error));
    if (error && error != http::error::need_more) co_return error;
    if (done()) break;
    if (!error && buffer_.size() > 0) continue;
    error = co_await read_more(parser.is_header_done() ? kBodyPiece : kHeaderPiece);
    if (error == boost::asio::error::eof)
      co_return parser.got_some() ? http::error::partial_message : http::error::end_of_stream;
    if (error) co_return error;
  }
  co_return ErrorCode{};
}

}  // namespace freshet::serve
