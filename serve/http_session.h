#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "serve/admission.h"
#include "serve/api.h"
#include "serve/options.h"

namespace freshet::serve {

using PlainStream = boost::beast::tcp_stream;
using TlsStream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

/// What the connections of one I/O thread share. That thread only.
struct IoState {
  const Options& options;
  const Api& api;
  Counter& shed_total;
  boost::asio::io_context& context;
  std::shared_ptr<Executor> executor;  ///< brings work back to this thread
  Admission& admission;
  bool draining = false;  ///< no connection begins another request
};

/// One connection, as its thread sees it from outside.
struct Connection {
  boost::beast::tcp_stream& tcp;
  bool busy = false;  ///< between the first byte of a request and the last of its answer
};

/// HTTP/1.1 over one connection: reads requests, has the API answer them, within the limits of the options.
/// A template rather than a stream that may be either, so that plain connections pay nothing for TLS; defined for
/// PlainStream and TlsStream.
/// Threads: the one of `io`.
template <typename Stream>
class HttpSession {
 public:
  HttpSession(Stream& stream, Connection& connection, const IoState& io)
      : stream_(stream), connection_(connection), io_(io) {}

  /// Until the peer, a limit or io.draining ends it. Closing is the caller's.
  boost::asio::awaitable<void> run();

 private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> read_and_answer();
  boost::asio::awaitable<boost::beast::error_code> read_more(std::size_t most);
  template <typename Done>
  boost::asio::awaitable<boost::beast::error_code> read(Parser& parser, Done done);
  boost::asio::awaitable<bool> admitted_after_all();
  ApiRequest to_api(const Request& request, bool shedding) const;
  boost::asio::awaitable<ApiResponse> ask(const Request& request);
  boost::asio::awaitable<bool> write(const Request& request, const ApiResponse& answer, bool keep_alive);
  boost::asio::awaitable<bool> send(std::string_view message);
  boost::asio::awaitable<bool> refuse(boost::beast::error_code error);
  boost::asio::awaitable<void> ignore_the_rest();
  void expires_after(std::chrono::milliseconds timeout) { connection_.tcp.expires_after(timeout); }

  Stream& stream_;
  Connection& connection_;
  const IoState& io_;
  boost::beast::flat_buffer buffer_{io_.options.max_header_bytes + io_.options.max_body_bytes};
};

}  // namespace freshet::serve
