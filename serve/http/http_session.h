#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "serve/http/admission.h"
#include "serve/http/gzip.h"
#include "serve/http/http_date.h"
#include "serve/http/io_shared.h"

namespace freshet::serve {

/// Sockets and coroutines use the io_context's own executor: any_io_executor has a cost at each step of an operation.
using IoExecutor = boost::asio::io_context::executor_type;
using PlainStream = boost::asio::basic_stream_socket<boost::asio::ip::tcp, IoExecutor>;
using TlsStream = boost::asio::ssl::stream<PlainStream>;
template <typename T>
using Awaitable = boost::asio::awaitable<T, IoExecutor>;

/// What the connections of one I/O thread share.
/// Threads: that one.
struct IoState {
  IoShared& shared;
  boost::asio::io_context& context;
  std::shared_ptr<Executor> executor;  ///< brings work back to this thread
  Admission& admission;
  HttpDate& date;
  GzipEncoder& gzip;
  bool draining = false;  ///< connections take no further requests
};

/// The state of one connection that its I/O thread needs.
struct Connection {
  using Clock = std::chrono::steady_clock;

  PlainStream& socket;
  std::string client = {};  ///< client_name()
  bool busy = false;        ///< between the first byte of a request and the last of its answer
  /// When IoWorker, which checks at intervals, closes the socket. A timer would be set and canceled three times per
  /// request.
  Clock::time_point deadline = Clock::time_point::max();

  void expires_after(std::chrono::milliseconds timeout) { deadline = Clock::now() + timeout; }
  void expires_never() { deadline = Clock::time_point::max(); }
};

/// HTTP/1.1 over one connection: reads requests and writes the API's answers, within the limits of the options.
/// A template, instantiated for PlainStream and TlsStream, so that plain connections have no cost for TLS.
/// Threads: the one of `io`.
template <typename Stream>
class HttpSession {
 public:
  HttpSession(Stream& stream, Connection& connection, const IoState& io)
      : stream_(stream), connection_(connection), io_(io) {}

  /// Returns when the peer, a limit or io.draining ends the session. The caller closes the stream.
  Awaitable<void> run();

 private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  bool request_begins();
  Awaitable<bool> serve_one();
  Awaitable<bool> read_and_answer();
  Awaitable<boost::beast::error_code> read_more(std::size_t most);
  template <typename Done>
  Awaitable<boost::beast::error_code> read(Parser& parser, Done done);
  Awaitable<bool> admitted_after_all();
  Awaitable<boost::beast::error_code> read_body(Parser& parser, const Router::Match& match, std::size_t most,
                                                MemoryBudget::Share& memory);
  Awaitable<boost::beast::error_code> decode_body(std::string& body, const Router::Match& match, std::size_t most,
                                                  MemoryBudget::Share& memory);
  bool has_room(MemoryBudget::Share& memory, std::uint64_t size) const;
  template <typename Work>
  Awaitable<bool> elsewhere(const Router::Match& match, const Work& work);
  ApiRequest head_of(const Request& request) const;
  Awaitable<ApiResponse> ask(Router::Match& match, ApiRequest& request);
  Awaitable<bool> write(const Request& request, ApiResponse answer, bool keep_alive);
  Awaitable<bool> send(std::string_view message);
  Awaitable<void> ignore_the_rest();

  Stream& stream_;
  Connection& connection_;
  const IoState& io_;
  Connection::Clock::time_point arrived_;                                               // the request, with its body
  static constexpr std::size_t kHeaderPiece = 8 << 10, kBodyPiece = 64 << 10;           // read at a time
  boost::beast::flat_buffer buffer_{io_.shared.options.max_header_bytes + kBodyPiece};  // a body does not stay in it
};

}  // namespace freshet::serve
