// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <string>

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
  /// At the deadline only what waits for the peer is canceled, until there is another deadline: the session goes on.
  bool goes_on_late = false;

  void expires_after(std::chrono::milliseconds timeout) { deadline = Clock::now() + timeout; }
  void expires_never() { deadline = Clock::time_point::max(); }
};

}  // namespace freshet::serve
