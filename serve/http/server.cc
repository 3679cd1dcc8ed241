// SPDX-License-Identifier: Apache-2.0
#include "serve/http/server.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <stdexcept>
#include <thread>

#include "base/log.h"
#include "serve/api/api.h"
#include "serve/http/io_shared.h"
#include "serve/http/io_worker.h"
#include "serve/http/tls.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Errors: throws boost::system::system_error if a name has no address.
Tcp::endpoint resolve(asio::io_context& context, const Options& options) {
  const auto found = Tcp::resolver(context).resolve(options.address, std::to_string(options.port),
                                                    Tcp::resolver::passive | Tcp::resolver::numeric_service);
  const auto v4 =
      std::ranges::find_if(found, [](const auto& entry) { return entry.endpoint().protocol() == Tcp::v4(); });
  return v4 != found.end() ? v4->endpoint() : found.begin()->endpoint();
}

Tcp::acceptor listen(asio::io_context& context, const Options& options) {
  std::string where = options.address + ":" + std::to_string(options.port);
  try {
    const Tcp::endpoint endpoint = resolve(context, options);
    const std::string address = endpoint.address().to_string();
    if (address != options.address) where += " (" + address + ")";
    // The options took it for one that no other machine reaches, and needed no keys.
    if (!options.is_public() && !is_loopback(address)) {
      throw std::runtime_error("cannot listen on " + where + ": it is not a loopback address");
    }
    Tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(asio::socket_base::max_listen_connections);
    return acceptor;
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on " + where + ": " + error.code().message());
  }
}

Counter& reloads(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_serve_reloads_total", "Reloads on SIGHUP (keys, certificate, audit file), by result.",
                         {{"result", result}});
}

}  // namespace

struct Server::Impl {
  Impl(const Options& the_options, Services the_services)
      : options(the_options),
        api(options, the_services),
        tls(options.tls.enabled() ? std::make_unique<Tls>(options.tls, the_services.metrics) : nullptr),
        shared{options,
               api,
               tls.get(),
               the_services.metrics.gauge("freshet_serve_connections", "Open connections."),
               the_services.metrics.counter("freshet_serve_shed_total",
                                            "Requests that arrived at an overloaded I/O thread and were not admitted."),
               the_services.metrics.counter("freshet_serve_withheld_answers_total",
                                            "Answers replaced by 503, because those that clients have not read yet "
                                            "reach serve.max_answer_bytes_total."),
               the_services.metrics.counter("freshet_serve_late_total",
                                            "Requests with large bodies, and others that take long, refused with 503 "
                                            "because too many wait for a thread, or this one did for too long.")},
        refused(the_services.metrics.counter("freshet_serve_refused_connections_total",
                                             "Connections closed at once because serve.max_connections were open.")),
        reloaded_ok(reloads(the_services.metrics, "ok")),
        reloaded_not(reloads(the_services.metrics, "failed")) {
    for (std::size_t i = 0; i < options.threads; ++i) {
      workers.push_back(std::make_unique<IoWorker>(shared));
    }
    if (options.is_public() && !options.tls.enabled()) {
      log::warn("public address without serve.tls.certificate: keys and answers are sent unencrypted");
    }
    acceptor = std::make_unique<Tcp::acceptor>(listen(workers.front()->context(), options));
    port = acceptor->local_endpoint().port();
    asio::co_spawn(workers.front()->context(), accept(), asio::detached);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      threads.emplace_back([this, i] {
        pthread_setname_np(pthread_self(), ("freshet-io-" + std::to_string(i)).c_str());
        workers[i]->run();
      });
    }
  }

  /// One acceptor hands out connections in turn: the load is even, and a second process on the port fails to start.
  asio::awaitable<void> accept() {
    for (std::size_t next = 0; acceptor->is_open(); next = (next + 1) % workers.size()) {
      IoWorker& worker = *workers[next];
      auto [error, socket] = co_await acceptor->async_accept(worker.context(), kAwait);
      if (!acceptor->is_open()) co_return;
      if (error) {
        // Most likely out of file descriptors: wait for some connections to end.
        asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(50));
        co_await pause.async_wait(kAwait);
        continue;
      }
      if (shared.connections.Value() >= static_cast<double>(options.max_connections)) {
        refused.Increment();
        continue;  // closes it
      }
      worker.adopt(std::move(socket));
    }
  }

  void reload() {
    bool all = true;
    const auto check = [&](const Result<void>& reloaded) {
      if (!reloaded)
        log::error("reload failed; the previous contents stay in use", {{"reason", reloaded.error().message}});
      all &= reloaded.has_value();
    };
    check(api.reload_keys());
    check(api.reopen_audit());
    if (tls) check(tls->reload());
    (all ? reloaded_ok : reloaded_not).Increment();
  }

  void stop() {
    if (threads.empty()) return;
    asio::post(workers.front()->context(), [this] { acceptor->close(); });
    for (const auto& worker : workers) worker->drain();
    const auto deadline = steady_clock::now() + options.drain_timeout;
    while (shared.connections.Value() > 0 && steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (const auto& worker : workers) worker->context().stop();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    // Before the contexts go: queued work may own their coroutines.
    shared.disk.stop();
    shared.large_bodies.stop();
    shared.reads.stop();
  }

  const Options options;
  Api api;
  const std::unique_ptr<Tls> tls;  // null: plain HTTP
  IoShared shared;
  Counter& refused;
  Counter& reloaded_ok;
  Counter& reloaded_not;
  std::vector<std::unique_ptr<IoWorker>> workers;
  std::unique_ptr<Tcp::acceptor> acceptor;
  std::uint16_t port = 0;
  std::vector<std::thread> threads;
};

Server::Server(const Options& options, Services services)
    : impl_(std::make_unique<Impl>(options, std::move(services))) {}

Server::~Server() { stop(); }

std::uint16_t Server::port() const { return impl_->port; }

void Server::reload() { impl_->reload(); }

void Server::stop() { impl_->stop(); }

}  // namespace freshet::serve
