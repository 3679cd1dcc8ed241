#pragma once

#include <boost/asio.hpp>
#include <memory>
#include <unordered_set>

#include "base/metrics.h"
#include "serve/api/api.h"
#include "serve/http/admission.h"
#include "serve/http/disk_worker.h"
#include "serve/http/http_session.h"
#include "serve/http/tls.h"
#include "serve/options.h"

namespace freshet::serve {

/// One I/O thread: its own io_context, so that connections need no locks and no strands.
/// Threads: run() is the thread; context(), adopt() and drain() may be called from any.
class IoWorker {
 public:
  /// `tls` null: plain HTTP. All of it outlives the worker.
  IoWorker(const Options& options, const Api& api, const Tls* tls, DiskWorker& disk, Gauge& connections, Counter& shed);

  boost::asio::io_context& context() { return context_; }

  /// Works until the context is stopped.
  void run();

  /// Serves what comes over `socket`, which must be of this context.
  void adopt(PlainStream socket);

  /// Idle connections are closed now, busy ones after their answer.
  void drain();

 private:
  Awaitable<void> watch_deadlines();
  void opened(Connection& connection);
  void closed(Connection& connection);
  Awaitable<void> serve_plain(PlainStream socket);
  Awaitable<void> serve_tls(PlainStream socket);

  const Tls* const tls_;
  Gauge& connections_gauge_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  // this worker's thread only
  Admission admission_;
  IoState io_;
  std::unordered_set<Connection*> connections_;
};

}  // namespace freshet::serve
