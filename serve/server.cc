#include "serve/server.h"

#include <pthread.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "base/log.h"
#include "serve/api.h"
#include "serve/json.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using Stream = beast::tcp_stream;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kProbeInterval{10};
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using HttpRequest = http::request<http::string_body>;

class Worker;

/// Work of one connection comes back to the connection's I/O thread.
class ContextExecutor final : public Executor {
 public:
  explicit ContextExecutor(asio::io_context& context) : context_(context) {}

  void post(std::function<void()> work) override { asio::post(context_, std::move(work)); }

  void post_after(std::chrono::milliseconds delay, std::function<void()> work) override {
    auto timer = std::make_shared<asio::steady_timer>(context_);
    asio::post(context_, [timer, delay, work = std::move(work)] {
      timer->expires_after(delay);
      timer->async_wait([timer, work](const boost::system::error_code& error) {
        if (!error) work();
      });
    });
  }

 private:
  asio::io_context& context_;
};

/// One connection; lives on its worker's thread.
struct Connection {
  explicit Connection(Tcp::socket socket) : stream(std::move(socket)) {}
  Stream stream;
  bool busy = false;  // between the first byte of a request and the last of its answer
};

/// One I/O thread: its own io_context, so that connections need no locks and no strands.
class Worker {
 public:
  Worker(const Options& options, const Api& api, Gauge& connections, Counter& shed)
      : options_(options),
        api_(api),
        connections_gauge_(connections),
        shed_(shed),
        executor_(std::make_shared<ContextExecutor>(context_)) {}

  asio::io_context& context() { return context_; }

  void run() {
    schedule_probe(steady_clock::now() + kProbeInterval);
    context_.run();
  }

  void adopt(Tcp::socket socket) {
    asio::co_spawn(context_, serve(std::make_shared<Connection>(std::move(socket))), asio::detached);
  }

  /// Idle connections are closed now, busy ones after their answer. From any thread.
  void drain() {
    asio::post(context_, [this] {
      draining_ = true;
      probe_.cancel();
      for (Connection* connection : connections_) {
        if (!connection->busy) connection->stream.cancel();
      }
    });
  }

 private:
  /// A timer that comes late says how long everything else is waiting too.
  void schedule_probe(steady_clock::time_point due) {
    probe_.expires_at(due);
    probe_.async_wait([this, due](const boost::system::error_code& error) {
      if (error || draining_) return;
      const auto now = steady_clock::now();
      shedding_ = now - due > options_.shed_delay;
      schedule_probe(now + kProbeInterval);
    });
  }

  asio::awaitable<void> serve(std::shared_ptr<Connection> connection) {
    connections_.insert(connection.get());
    connections_gauge_.Increment();
    beast::error_code ignored;
    connection->stream.socket().set_option(Tcp::no_delay(true), ignored);
    beast::flat_buffer buffer(options_.max_header_bytes + options_.max_body_bytes);
    while (!draining_ && co_await serve_one(*connection, buffer)) {
    }
    connection->stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    connections_.erase(connection.get());
    connections_gauge_.Decrement();
  }

  /// Reads one request and answers it. False when the connection is to be closed.
  asio::awaitable<bool> serve_one(Connection& connection, beast::flat_buffer& buffer) {
    Stream& stream = connection.stream;
    if (buffer.size() == 0) {
      stream.expires_after(options_.idle_timeout);
      auto [error, bytes] = co_await stream.async_read_some(buffer.prepare(8192), kAwait);
      if (error) co_return false;
      buffer.commit(bytes);
    }
    connection.busy = true;
    const bool keep = co_await read_and_answer(stream, buffer);
    connection.busy = false;
    co_return keep;
  }

  asio::awaitable<bool> read_and_answer(Stream& stream, beast::flat_buffer& buffer) {
    stream.expires_after(options_.header_timeout);
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    {
      auto [error, bytes] = co_await http::async_read_header(stream, buffer, parser, kAwait);
      if (error) co_return co_await refuse(stream, error);
    }
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on(http::status::continue_, parser.get().version());
      auto [error, bytes] = co_await http::async_write(stream, go_on, kAwait);
      if (error) co_return false;
    }
    {
      auto [error, bytes] = co_await http::async_read(stream, buffer, parser, kAwait);
      if (error) co_return co_await refuse(stream, error);
    }
    const HttpRequest request = parser.release();
    stream.expires_never();  // waiting for the answer is bounded by the endpoints' own timeouts
    const ApiResponse answer = co_await ask(request);
    co_return co_await write(stream, request, answer);
  }

  /// The API's answer, back on this thread.
  asio::awaitable<ApiResponse> ask(const HttpRequest& request) {
    const auto text = [](beast::string_view view) { return std::string_view(view.data(), view.size()); };
    const ApiRequest api_request{text(request.method_string()),
                                 text(request.target()),
                                 request.body(),
                                 shedding_,
                                 executor_,
                                 text(request[http::field::authorization]),
                                 text(request["X-API-Key"])};
    if (shedding_) shed_.Increment();
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(ApiResponse)>(
        [&](auto handler) {
          // std::function wants to be copied; the handler may only be moved.
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          api_.handle(api_request, [this, shared](ApiResponse response) {
            asio::post(context_,
                       [shared, response = std::move(response)]() mutable { (*shared)(std::move(response)); });
          });
        },
        asio::use_awaitable);
  }

  asio::awaitable<bool> write(Stream& stream, const HttpRequest& request, const ApiResponse& answer) {
    http::response<http::string_body> response(static_cast<http::status>(answer.status), request.version());
    response.set(http::field::server, "freshet");
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    response.keep_alive(request.keep_alive() && !draining_);
    if (answer.status != 204) response.set(http::field::content_type, answer.content_type);
    response.body() = answer.body;
    response.prepare_payload();
    stream.expires_after(options_.write_timeout);
    if (request.method() == http::verb::head) {
      http::response<http::empty_body> head(std::move(response.base()));
      http::response_serializer<http::empty_body> serializer(head);
      auto [error, bytes] = co_await http::async_write_header(stream, serializer, kAwait);
      co_return !error && head.keep_alive();
    }
    auto [error, bytes] = co_await http::async_write(stream, response, kAwait);
    co_return !error && response.keep_alive();
  }

  /// A request that could not be read: says why, where there is still somebody to tell, and closes.
  asio::awaitable<bool> refuse(Stream& stream, beast::error_code error) {
    ApiResponse answer;
    if (error == http::error::body_limit) {
      answer = problem(413, "the body is larger than " + std::to_string(options_.max_body_bytes) + " bytes");
    } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      answer = problem(431, "the header is larger than " + std::to_string(options_.max_header_bytes) + " bytes");
    } else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      answer = problem(400, "not HTTP/1.1: " + error.message());
    } else {
      co_return false;
    }
    http::response<http::string_body> response(static_cast<http::status>(answer.status), 11);
    response.set(http::field::server, "freshet");
    response.set(http::field::content_type, answer.content_type);
    response.keep_alive(false);
    response.body() = answer.body;
    response.prepare_payload();
    stream.expires_after(options_.write_timeout);
    co_await http::async_write(stream, response, kAwait);
    // Closing with unread input would reset the connection before the client has read the answer.
    beast::error_code ignored;
    stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    std::array<char, 16384> rest;
    stream.expires_after(std::chrono::seconds(1));
    for (std::size_t drained = 0; drained < 4 * options_.max_body_bytes;) {
      auto [gone, bytes] = co_await stream.async_read_some(asio::buffer(rest), kAwait);
      if (gone) break;
      drained += bytes;
    }
    co_return false;
  }

  const Options& options_;
  const Api& api_;
  Gauge& connections_gauge_;
  Counter& shed_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{context_.get_executor()};
  asio::steady_timer probe_{context_};
  std::shared_ptr<Executor> executor_;
  // this worker's thread only
  std::unordered_set<Connection*> connections_;
  bool draining_ = false;
  bool shedding_ = false;
};

Tcp::acceptor listen(asio::io_context& context, const Options& options) {
  const auto address = asio::ip::make_address(options.address);
  const Tcp::endpoint endpoint(address, options.port);
  try {
    Tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(asio::socket_base::max_listen_connections);
    return acceptor;
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on " + options.address + ":" + std::to_string(options.port) + ": " +
                             error.code().message());
  }
}

Counter& reloads(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_serve_reloads_total", "Times that keys were read again, on SIGHUP.",
                         {{"result", result}});
}

}  // namespace

struct Server::Impl {
  Impl(const Options& the_options, Services the_services)
      : options(the_options),
        api(options, the_services),
        connections(the_services.metrics.gauge("freshet_serve_connections", "Open connections.")),
        shed(the_services.metrics.counter("freshet_serve_shed_total", "Requests that came while overloaded.")),
        refused(the_services.metrics.counter("freshet_serve_refused_connections_total",
                                             "Connections closed at once because there were too many.")),
        reloaded_ok(reloads(the_services.metrics, "ok")),
        reloaded_not(reloads(the_services.metrics, "failed")) {
    for (std::size_t i = 0; i < options.threads; ++i) {
      workers.push_back(std::make_unique<Worker>(options, api, connections, shed));
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

  /// One acceptor deals connections out in turn: even load, and a second process on the port is noticed.
  asio::awaitable<void> accept() {
    for (std::size_t next = 0; acceptor->is_open(); next = (next + 1) % workers.size()) {
      Worker& worker = *workers[next];
      auto [error, socket] = co_await acceptor->async_accept(worker.context(), kAwait);
      if (!acceptor->is_open()) co_return;
      if (error) {
        // Out of file descriptors, most likely: let some connections end first.
        asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::milliseconds(50));
        co_await pause.async_wait(kAwait);
        continue;
      }
      if (connections.Value() >= static_cast<double>(options.max_connections)) {
        refused.Increment();
        continue;  // closes it
      }
      asio::post(worker.context(),
                 [&worker, socket = std::move(socket)]() mutable { worker.adopt(std::move(socket)); });
    }
  }

  void reload() {
    const auto reloaded = api.reload_keys();
    if (!reloaded) log::error("reload failed; the keys in use stay", {{"reason", reloaded.error().message}});
    (reloaded ? reloaded_ok : reloaded_not).Increment();
  }

  void stop() {
    if (threads.empty()) return;
    asio::post(workers.front()->context(), [this] { acceptor->close(); });
    for (const auto& worker : workers) worker->drain();
    const auto deadline = steady_clock::now() + options.drain_timeout;
    while (connections.Value() > 0 && steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (const auto& worker : workers) worker->context().stop();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  const Options options;
  Api api;
  Gauge& connections;
  Counter& shed;
  Counter& refused;
  Counter& reloaded_ok;
  Counter& reloaded_not;
  std::vector<std::unique_ptr<Worker>> workers;
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
