// SPDX-License-Identifier: Apache-2.0
#include "serve/http/http_session.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <ctime>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "serve/http/body_reader.h"
#include "serve/http/content_coding.h"
#include "serve/http/elsewhere.h"
#include "serve/http/framing.h"
#include "serve/http/pending_answer.h"
#include "serve/http/refusal.h"
#include "serve/routing/json.h"
#include "serve/routing/media_type.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

std::string_view text(beast::string_view view) { return {view.data(), view.size()}; }

/// Status line, header and body. Written by hand: Beast's serializer takes longer than all other HTTP work here.
std::string message_of(const ApiResponse& answer, std::string_view date, unsigned version, bool keep_alive,
                       bool with_body) {
  std::string message;
  message.reserve(512 + answer.body.size());
  const auto field = [&](std::string_view name, std::string_view value) {
    message.append(name).append(": ").append(value).append("\r\n");
  };
  message.append(version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  message.append(text(http::obsolete_reason(static_cast<http::status>(answer.status)))).append("\r\n");
  field("Server", "freshet");
  field("Date", date);
  for (const auto& [name, value] : answer.headers) field(name, value);
  if (!keep_alive) field("Connection", "close");
  if (keep_alive && version == 10) field("Connection", "keep-alive");
  if (answer.status != 204) {
    field("Content-Type", answer.content_type);
    field("Content-Length", std::to_string(answer.body.size()));
  }
  return message.append("\r\n").append(with_body ? std::string_view(answer.body) : std::string_view());
}

/// True if the answer counts against serve.max_answer_bytes_total. One to a change does not: it must be told, and what
/// was asked bounds it. Nor do metrics, which are wanted most when memory is short.
bool counts(const ApiResponse& answer, http::verb method, const Options& options) {
  return answer.body.size() > options.max_header_bytes && is_json_type(answer.content_type) &&
         (method == http::verb::get || method == http::verb::head);
}

/// Instead of an answer for which there is no memory.
ApiResponse without_body(ApiResponse answer, const Options& options) {
  const bool alone = answer.body.size() > options.max_answer_bytes_total;
  ApiResponse instead = problem(503, alone ? "the answer is larger than serve.max_answer_bytes_total; ask for less"
                                           : "too many large answers at once; try again");
  std::ranges::move(answer.headers, std::back_inserter(instead.headers));
  return instead;
}

}  // namespace

template <typename Stream>
Awaitable<void> HttpSession<Stream>::run() {
  // GCC 12 miscompiles `while (a && co_await b) {}` in a template into a trap.
  for (bool keep = true; keep && !io_.draining;) keep = co_await serve_one();
}

/// Reads one request and answers it. False if the connection must be closed.
template <typename Stream>
Awaitable<bool> HttpSession<Stream>::serve_one() {
  if (!wire_.request_begins()) {
    connection_.expires_after(io_.shared.options.idle_timeout);
    do {
      if (const auto error = co_await wire_.read_more(wire_.kHeaderPiece)) co_return false;
    } while (!wire_.request_begins());
  }
  connection_.busy = true;
  const bool keep = co_await read_and_answer();
  connection_.busy = false;
  co_return keep;
}

template <typename Stream>
Awaitable<bool> HttpSession<Stream>::read_and_answer() {
  connection_.expires_after(io_.shared.options.header_timeout);
  MemoryBudget::Share memory(io_.shared.bodies);
  HttpParser parser;
  parser.header_limit(static_cast<std::uint32_t>(io_.shared.options.max_header_bytes));
  parser.body_limit(boost::none);  // depends on the endpoint
  const HttpRequest& request = parser.get();
  Router::Match match;
  std::size_t most = 0;  // the limit of the body
  bool whole = false;    // the next byte of the connection is the first of the next request
  auto error = co_await wire_.read(parser, [&] { return parser.is_header_done(); });
  ApiRequest to_api = head_of(request);
  if (const char* const reason = error ? nullptr : framing_problem(request)) {
    match.settle(problem(400, reason));
  } else if (!error) {
    match = io_.shared.api.match(to_api);
    // A caller without the right key cannot make the server hold megabytes.
    if (match.wants_body() && !parser.is_done()) {
      most = std::min(match.max_body_bytes(), io_.shared.options.max_body_bytes);
      BodyReader<Stream> reader(wire_, connection_, io_, memory, most);
      error = co_await reader.read(parser, match, to_api);
    }
    whole = !error && parser.is_done();
  }
  if (error) {
    auto answer = refusal(error, match, most, io_.shared.options);
    if (!answer) co_return false;
    match.settle(*std::move(answer));
  }
  to_api.body = request.body();
  connection_.expires_never();  // the endpoints have timeouts of their own
  ApiResponse answer = co_await ask(match, to_api);
  parser.get().body() = std::string();  // not held by those who read their answers slowly
  wire_.shrink();
  memory.release();
  MemoryBudget::Share unread(io_.shared.answers);
  if (counts(answer, request.method(), io_.shared.options) && !unread.grow_to(answer.body.size())) {
    answer = without_body(std::move(answer), io_.shared.options);
    io_.shared.withheld_answers.Increment();
  }
  encode(answer, request, io_.gzip);
  const bool keep_alive = whole && request.keep_alive() && !io_.draining;
  const bool sent = co_await write(request, std::move(answer), keep_alive);
  if (!whole) co_await wire_.ignore_the_rest();
  co_return sent&& keep_alive;
}

/// Everything but the body. The fields of a trailer are not among them.
template <typename Stream>
ApiRequest HttpSession<Stream>::head_of(const HttpRequest& request) const {
  return {text(request.method_string()),
          text(request.target()),
          /*body=*/{},
          /*shedding=*/false,
          io_.executor,
          text(request[http::field::authorization]),
          text(request["X-API-Key"]),
          text(request["X-Request-Id"]),
          text(request[http::field::content_type]),
          joined(request, http::field::content_encoding),
          text(request[http::field::host]),
          text(request[http::field::origin]),
          text(request["Sec-Fetch-Site"]),
          text(request[http::field::access_control_request_method]),
          connection_.client};
}

/// The decision of Admission at the end of the round.
template <typename Stream>
Awaitable<bool> HttpSession<Stream>::admitted_after_all() {
  constexpr asio::use_awaitable_t<IoExecutor> kAwaitResult;
  co_return co_await asio::async_initiate<decltype(kAwaitResult), void(bool)>(
      [this](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        io_.admission.decide([shared](bool admitted) { (*shared)(admitted); });
      },
      kAwaitResult);
}

/// The API's answer, on this thread.
template <typename Stream>
Awaitable<ApiResponse> HttpSession<Stream>::ask(Router::Match& match, ApiRequest& request) {
  request.shedding = !io_.admission.admits();
  if (request.shedding) request.shedding = !co_await admitted_after_all();
  if (request.shedding) io_.shared.shed.Increment();
  PendingAnswer answer(io_.context);
  const auto handle = [&] { io_.shared.api.handle(std::move(match), request, answer.callback()); };
  if (request.body.size() <= kMostBytesInPlace || !match.wants_body()) {
    handle();
  } else if (!co_await elsewhere(io_, match, handle)) {
    match.settle(problem(503, kLate));
    handle();
  }
  // Its timers may own the wait for the answer, and so this coroutine.
  request.executor.reset();
  co_return co_await answer.wait();
}

template <typename Stream>
Awaitable<bool> HttpSession<Stream>::write(const HttpRequest& request, ApiResponse answer, bool keep_alive) {
  const bool with_body = request.method() != http::verb::head;
  const std::string message =
      message_of(answer, io_.date.at(std::time(nullptr)), request.version(), keep_alive, with_body);
  answer.body = std::string();  // it is in the message
  const bool sent = co_await wire_.send(message);
  co_return sent&& keep_alive;
}

template class HttpSession<PlainStream>;
template class HttpSession<TlsStream>;

}  // namespace freshet::serve
