// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio.hpp>
#include <memory>
#include <unordered_set>

#include "serve/http/admission.h"
#include "serve/http/gzip.h"
#include "serve/http/http_date.h"
#include "serve/http/http_session.h"
#include "serve/http/io_shared.h"

namespace freshet::serve {

/// One I/O thread with its own io_context, so that connections need no locks and no strands.
/// Threads: run() on the I/O thread; context(), adopt() and drain() from any thread.
class IoWorker {
 public:
  /// `shared` outlives the worker.
  explicit IoWorker(IoShared& shared);

  boost::asio::io_context& context() { return context_; }

  /// Returns when the context is stopped.
  void run();

  /// Serves a connection.
  /// REQUIRES: `socket` belongs to context().
  void adopt(PlainStream socket);

  /// Closes idle connections now, busy ones after their answer.
  void drain();

 private:
  Awaitable<void> watch_deadlines();
  void opened(Connection& connection);
  void closed(Connection& connection);
  Awaitable<void> serve_plain(PlainStream socket);
  Awaitable<void> serve_tls(PlainStream socket);

  IoShared& shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  // this worker's thread only
  Admission admission_;
  HttpDate date_;
  GzipEncoder gzip_;
  IoState io_;
  std::unordered_set<Connection*> connections_;
};

}  // namespace freshet::serve
