// SPDX-License-Identifier: Apache-2.0
#include "serve/http/io_worker.h"

#include <map>
#include <utility>
#include <vector>

#include "serve/http/client_name.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::chrono::seconds kGoodbye{1};      // for the peer's half of the TLS shutdown
constexpr std::chrono::milliseconds kTick{100};  // how late a deadline may take effect
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>());

/// Runs work on the I/O thread of `context`.
class ContextExecutor final : public Executor {
 public:
  ContextExecutor(asio::io_context& context, IoShared& shared) : context_(context), shared_(shared) {}

  void post(std::function<void()> work) override { asio::post(context_, std::move(work)); }

  void post_after(std::chrono::milliseconds delay, std::function<void()> work) override {
    asio::dispatch(context_, [this, delay, work = std::move(work)]() mutable {
      const auto due = std::chrono::ceil<Tick>(Clock::now() + delay);
      std::vector<std::function<void()>>& works = due_[due];
      works.push_back(std::move(work));
      if (works.size() == 1) set_timer(due);
    });
  }

  bool post_blocking(std::function<void()> work) override {
    return shared_.disk.post([work = std::move(work)](bool) { work(); });
  }

  void post_reading(std::function<void(bool in_time)> work) override {
    const auto shared = std::make_shared<const std::function<void(bool)>>(std::move(work));
    const auto count = [this, shared](bool in_time) {
      if (!in_time) shared_.late.Increment();
      (*shared)(in_time);
    };
    if (!shared_.reads.post(count)) count(false);
  }

 private:
  // Every POST of events has a timeout, which hardly ever fires: timeouts of the same tick share a timer.
  using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 20>>;
  using Clock = std::chrono::steady_clock;
  using Due = std::chrono::time_point<Clock, Tick>;

  void set_timer(Due due) {
    auto timer = std::make_unique<asio::steady_timer>(context_, due);
    asio::steady_timer& waiting = *timer;
    waiting.async_wait([this, due, timer = std::move(timer)](const boost::system::error_code&) {
      const auto works = due_.extract(due);
      for (const auto& work : works.mapped()) work();
    });
  }

  asio::io_context& context_;
  IoShared& shared_;
  std::map<Due, std::vector<std::function<void()>>> due_;  // that thread only
};

}  // namespace

IoWorker::IoWorker(IoShared& shared)
    : shared_(shared),
      admission_(context_, shared.options.shed_delay),
      io_{shared, context_, std::make_shared<ContextExecutor>(context_, shared), admission_, date_, gzip_} {
  asio::co_spawn(context_, watch_deadlines(), asio::detached);
}

void IoWorker::run() { context_.run(); }

void IoWorker::adopt(PlainStream socket) {
  shared_.connections.Increment();  // before the post: queued connections count towards the limit
  asio::post(context_, [this, socket = std::move(socket)]() mutable {
    asio::co_spawn(context_, shared_.tls == nullptr ? serve_plain(std::move(socket)) : serve_tls(std::move(socket)),
                   asio::detached);
  });
}

void IoWorker::drain() {
  asio::post(context_, [this] {
    io_.draining = true;
    for (Connection* connection : connections_) {
      boost::system::error_code ignored;  // its deadline may have closed it
      if (!connection->busy) connection->socket.cancel(ignored);
    }
  });
}

Awaitable<void> IoWorker::watch_deadlines() {
  asio::basic_waitable_timer<Connection::Clock, asio::wait_traits<Connection::Clock>, IoExecutor> tick(context_);
  for (;;) {
    tick.expires_after(kTick);
    co_await tick.async_wait(kAwait);
    const auto now = Connection::Clock::now();
    for (Connection* connection : connections_) {
      boost::system::error_code ignored;
      if (connection->deadline > now) continue;
      connection->goes_on_late ? connection->socket.cancel(ignored) : connection->socket.close(ignored);
    }
  }
}

void IoWorker::opened(Connection& connection) {
  connections_.insert(&connection);
  boost::system::error_code ignored;
  connection.socket.set_option(Tcp::no_delay(true), ignored);
  connection.client = client_name(connection.socket.remote_endpoint(ignored).address());  // 0.0.0.0 if it is gone
}

void IoWorker::closed(Connection& connection) {
  connections_.erase(&connection);
  shared_.connections.Decrement();
}

Awaitable<void> IoWorker::serve_plain(PlainStream socket) {
  Connection connection{.socket = socket};
  opened(connection);
  co_await HttpSession<PlainStream>(socket, connection, io_).run();
  boost::system::error_code ignored;
  socket.shutdown(PlainStream::shutdown_send, ignored);
  closed(connection);
}

Awaitable<void> IoWorker::serve_tls(PlainStream socket) {
  const auto certificate = shared_.tls->certificate();
  TlsStream stream(std::move(socket), certificate->context);
  Connection connection{.socket = stream.next_layer()};
  opened(connection);
  connection.expires_after(shared_.options.tls.handshake_timeout);
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait);
  if (error) {
    shared_.tls->handshake_failed();
  } else {
    co_await HttpSession<TlsStream>(stream, connection, io_).run();
    connection.expires_after(kGoodbye);
    co_await stream.async_shutdown(kAwait);
  }
  closed(connection);
}

}  // namespace freshet::serve
