#include "serve/http/http_session.h"

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "serve/routing/json.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t kHeaderPiece = 8 << 10, kBodyPiece = 64 << 10;  // read at a time
constexpr asio::use_awaitable_t<IoExecutor> kAwaitResult;
constexpr auto kAwait = asio::as_tuple(kAwaitResult);

std::string_view text(beast::string_view view) { return {view.data(), view.size()}; }

/// Status line and header, the body behind them. By hand: Beast's serializer takes longer than everything else that
/// HTTP costs here.
std::string message_of(const ApiResponse& answer, unsigned version, bool keep_alive, bool with_body) {
  std::string message;
  message.reserve(512 + answer.body.size());
  const auto field = [&](std::string_view name, std::string_view value) {
    message.append(name).append(": ").append(value).append("\r\n");
  };
  message.append(version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  message.append(text(http::obsolete_reason(static_cast<http::status>(answer.status)))).append("\r\n");
  field("Server", "freshet");
  for (const auto& [name, value] : answer.headers) field(name, value);
  if (!keep_alive) field("Connection", "close");
  if (keep_alive && version == 10) field("Connection", "keep-alive");
  if (answer.status != 204) {
    field("Content-Type", answer.content_type);
    field("Content-Length", std::to_string(answer.body.size()));
  }
  return message.append("\r\n").append(with_body ? std::string_view(answer.body) : std::string_view());
}

/// Tells the client that nothing more comes. In TLS that is said inside the stream, when it is closed.
void finish_sending(PlainStream& stream) {
  beast::error_code ignored;
  stream.shutdown(PlainStream::shutdown_send, ignored);
}
void finish_sending(TlsStream&) {}

}  // namespace

template <typename Stream>
Awaitable<void> HttpSession<Stream>::run() {
  // (GCC 12 makes a trap of `while (a && co_await b) {}` in a template.)
  for (bool keep = true; keep && !io_.draining;) keep = co_await serve_one();
}

template <typename Stream>
Awaitable<beast::error_code> HttpSession<Stream>::read_more(std::size_t most) {
  most = std::min(most, buffer_.max_size() - buffer_.size());
  if (most == 0) co_return http::error::buffer_overflow;  // reading nothing succeeds at once, for ever
  auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(most), kAwait);
  if (!error) buffer_.commit(bytes);
  co_return error;
}

/// Reads and parses until done(). Not Beast's http::async_read, which queues behind everybody else's requests even if
/// all of it is in the buffer.
template <typename Stream>
template <typename Done>
Awaitable<beast::error_code> HttpSession<Stream>::read(Parser& parser, Done done) {
  while (!done()) {
    beast::error_code error;
    buffer_.consume(parser.put(buffer_.data(), error));
    if (error && error != http::error::need_more) co_return error;
    if (done()) break;
    if (!error && buffer_.size() > 0) continue;
    error = co_await read_more(parser.is_header_done() ? kBodyPiece : kHeaderPiece);
    if (error == asio::error::eof)
      co_return parser.got_some() ? http::error::partial_message : http::error::end_of_stream;
    if (error) co_return error;
  }
  co_return beast::error_code{};
}

/// Reads one request and answers it. False when the connection is to be closed.
template <typename Stream>
Awaitable<bool> HttpSession<Stream>::serve_one() {
  if (buffer_.size() == 0) {
    connection_.expires_after(io_.options.idle_timeout);
    if (const auto error = co_await read_more(kHeaderPiece)) co_return false;
  }
  connection_.busy = true;
  const bool keep = co_await read_and_answer();
  connection_.busy = false;
  co_return keep;
}

template <typename Stream>
Awaitable<bool> HttpSession<Stream>::read_and_answer() {
  connection_.expires_after(io_.options.header_timeout);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(io_.options.max_header_bytes));
  parser.body_limit(io_.options.max_body_bytes);
  if (const auto error = co_await read(parser, [&] { return parser.is_header_done(); })) {
    co_return co_await refuse(error);
  }
  // Whom it does not concern cannot make us hold megabytes.
  if (!parser.is_done() && !io_.api.wants_body(to_api(parser.get(), false))) {
    const ApiResponse answer = co_await ask(parser.get());
    co_await write(parser.get(), answer, /*keep_alive=*/false);
    co_await ignore_the_rest();
    co_return false;
  }
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    http::response<http::empty_body> go_on(http::status::continue_, parser.get().version());
    auto [error, bytes] = co_await http::async_write(stream_, go_on, kAwait);
    if (error) co_return false;
  }
  parser.eager(true);
  if (const auto error = co_await read(parser, [&] { return parser.is_done(); })) co_return co_await refuse(error);
  const Request request = parser.release();
  connection_.expires_never();  // waiting for the answer is bounded by the endpoints' own timeouts
  const ApiResponse answer = co_await ask(request);
  co_return co_await write(request, answer, request.keep_alive() && !io_.draining);
}

template <typename Stream>
ApiRequest HttpSession<Stream>::to_api(const Request& request, bool shedding) const {
  return {text(request.method_string()),
          text(request.target()),
          request.body(),
          shedding,
          io_.executor,
          text(request[http::field::authorization]),
          text(request["X-API-Key"]),
          text(request["X-Request-Id"])};
}

/// What Admission decides at the end of the round.
template <typename Stream>
Awaitable<bool> HttpSession<Stream>::admitted_after_all() {
  co_return co_await asio::async_initiate<decltype(kAwaitResult), void(bool)>(
      [this](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        io_.admission.decide([shared](bool admitted) { (*shared)(admitted); });
      },
      kAwaitResult);
}

/// The API's answer, on this thread. Most answers are there when handle() returns: then nothing is queued, and the
/// client need not wait until everybody else's answer is made.
template <typename Stream>
Awaitable<ApiResponse> HttpSession<Stream>::ask(const Request& request) {
  struct Pending {
    std::mutex mutex;
    std::optional<ApiResponse> answer;       // guarded by mutex
    std::function<void(ApiResponse)> go_on;  // guarded by mutex; empty: nobody waits yet
  };
  bool shedding = !io_.admission.admits();
  if (shedding) shedding = !co_await admitted_after_all();
  if (shedding) io_.shed_total.Increment();
  auto pending = std::make_shared<Pending>();
  io_.api.handle(to_api(request, shedding), [&context = io_.context, pending](ApiResponse answer) {
    const std::lock_guard lock(pending->mutex);
    if (!pending->go_on) {
      pending->answer = std::move(answer);
      return;
    }
    asio::post(context,
               [go_on = std::move(pending->go_on), answer = std::move(answer)]() mutable { go_on(std::move(answer)); });
  });
  {
    const std::lock_guard lock(pending->mutex);
    if (pending->answer) co_return *std::move(pending->answer);
  }
  co_return co_await asio::async_initiate<decltype(kAwaitResult), void(ApiResponse)>(
      [&](auto handler) {
        // std::function wants to be copied; the handler may only be moved.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        // From here on what is waited for owns this coroutine: a request that is given up takes it along.
        const auto awaited = std::exchange(pending, nullptr);
        const std::lock_guard lock(awaited->mutex);
        if (awaited->answer) {
          asio::post(io_.context,
                     [shared, answer = *std::move(awaited->answer)]() mutable { (*shared)(std::move(answer)); });
        } else {
          awaited->go_on = [shared](ApiResponse answer) { (*shared)(std::move(answer)); };
        }
      },
      kAwaitResult);
}

template <typename Stream>
Awaitable<bool> HttpSession<Stream>::write(const Request& request, const ApiResponse& answer, bool keep_alive) {
  const bool with_body = request.method() != http::verb::head;
  const std::string message = message_of(answer, request.version(), keep_alive, with_body);
  const bool sent = co_await send(message);
  co_return sent&& keep_alive;
}

template <typename Stream>
Awaitable<bool> HttpSession<Stream>::send(std::string_view message) {
  connection_.expires_after(io_.options.write_timeout);
  auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(message), kAwait);
  co_return !error;
}

/// A request that could not be read: says why, where there is still somebody to tell, and closes.
template <typename Stream>
Awaitable<bool> HttpSession<Stream>::refuse(beast::error_code error) {
  ApiResponse answer;
  // What is parsed only as a whole, and in a body has no limit of its own: a chunk's extension, the trailer.
  if (error == http::error::body_limit || error == http::error::buffer_overflow) {
    answer = problem(413, "the body is larger than " + std::to_string(io_.options.max_body_bytes) + " bytes");
  } else if (error == http::error::header_limit) {
    answer = problem(431, "the header is larger than " + std::to_string(io_.options.max_header_bytes) + " bytes");
  } else if (error.category() == make_error_code(http::error::bad_method).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
    answer = problem(400, "not HTTP/1.1: " + error.message());
  } else {
    co_return false;
  }
  const std::string message = message_of(answer, 11, /*keep_alive=*/false, /*with_body=*/true);
  co_await send(message);
  co_await ignore_the_rest();
  co_return false;
}

/// Closing with unread input would reset the connection before the client has read the answer.
template <typename Stream>
Awaitable<void> HttpSession<Stream>::ignore_the_rest() {
  finish_sending(stream_);
  std::array<char, 16384> rest;
  connection_.expires_after(std::chrono::seconds(1));
  for (std::size_t drained = 0; drained < 4 * io_.options.max_body_bytes;) {
    auto [gone, bytes] = co_await stream_.async_read_some(asio::buffer(rest), kAwait);
    if (gone) break;
    drained += bytes;
  }
}

template class HttpSession<PlainStream>;
template class HttpSession<TlsStream>;

}  // namespace freshet::serve
