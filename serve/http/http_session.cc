#include "serve/http/http_session.h"

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <ctime>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "serve/http/content_coding.h"
#include "serve/http/framing.h"
#include "serve/http/gzip.h"
#include "serve/routing/json.h"
#include "serve/routing/media_type.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr asio::use_awaitable_t<IoExecutor> kAwaitResult;
constexpr auto kAwait = asio::as_tuple(kAwaitResult);
constexpr auto kNoMemory = boost::system::errc::not_enough_memory;             // for another body
constexpr auto kNoTime = boost::system::errc::resource_unavailable_try_again;  // to decode it
constexpr std::string_view kLate = "too many large or costly requests at once; try again";
/// A body that is larger, as sent or decoded, is decoded and handled on another thread. Here it would hold up the other connections for
/// milliseconds, one of serve.max_body_bytes for a tenth of a second.
constexpr std::size_t kMostBytesInPlace = std::size_t{32} << 10;

constexpr std::size_t kMostIgnored = std::size_t{32} << 20;  // bytes behind a request that is not read to its end

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

/// The answer to a request that cannot be read; nullopt if the connection has ended, and nobody waits for one.
/// `most`: the limit of its body.
std::optional<ApiResponse> refusal(const beast::error_code& error, std::size_t most, const Options& options) {
  if (error == http::error::body_limit) {
    return problem(413, "the body is larger than " + std::to_string(most) + " bytes");
  }
  // They are parsed as a whole, and have no limit but the buffer.
  if (error == http::error::buffer_overflow) return problem(413, "a chunk's extension or the trailer is too large");
  if (error == boost::system::errc::bad_message) return problem(400, "the body is not gzip, or not to its end");
  if (error == kNoTime) return problem(503, kLate);
  if (error == kNoMemory) return problem(503, "too many large bodies at once; try again");
  if (error == http::error::header_limit) {
    return problem(431, "the header is larger than " + std::to_string(options.max_header_bytes) + " bytes");
  }
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  if (ended || error.category() != make_error_code(http::error::bad_method).category()) return std::nullopt;
  return problem(400, "not HTTP/1.1: " + error.message());
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

/// Tells the client that no more data follows. TLS does so inside the stream, when it is closed.
void finish_sending(PlainStream& stream) {
  beast::error_code ignored;
  stream.shutdown(PlainStream::shutdown_send, ignored);
}
void finish_sending(TlsStream&) {}

}  // namespace

template <typename Stream>
Awaitable<void> HttpSession<Stream>::run() {
  // GCC 12 miscompiles `while (a && co_await b) {}` in a template into a trap.
  for (bool keep = true; keep && !io_.draining;) keep = co_await serve_one();
}

template <typename Stream>
Awaitable<beast::error_code> HttpSession<Stream>::read_more(std::size_t most) {
  most = std::min(most, buffer_.max_size() - buffer_.size());
  if (most == 0) co_return http::error::buffer_overflow;  // reading 0 bytes would succeed forever
  auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(most), kAwait);
  if (!error) buffer_.commit(bytes);
  co_return error;
}

/// Reads and parses until done(). Beast's http::async_read would queue behind all other requests of the thread, even if
/// the whole request is in the buffer.
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

/// True if the buffer begins with a request. Skips empty lines in front of it, which some clients send behind a body
/// (RFC 9112 2.2).
template <typename Stream>
bool HttpSession<Stream>::request_begins() {
  const auto begins = [this](std::string_view text) {
    return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size()).starts_with(text);
  };
  while (begins("\r\n")) buffer_.consume(2);
  return buffer_.size() > 1 || (buffer_.size() == 1 && !begins("\r"));
}

/// Reads one request and answers it. False if the connection must be closed.
template <typename Stream>
Awaitable<bool> HttpSession<Stream>::serve_one() {
  if (!request_begins()) {
    connection_.expires_after(io_.shared.options.idle_timeout);
    do {
      if (const auto error = co_await read_more(kHeaderPiece)) co_return false;
    } while (!request_begins());
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
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(io_.shared.options.max_header_bytes));
  parser.body_limit(boost::none);  // depends on the endpoint: read_body()
  const Request& request = parser.get();
  Router::Match match;
  std::size_t most = 0;  // the limit of the body
  bool whole = false;    // the next byte of the connection is the first of the next request
  auto error = co_await read(parser, [&] { return parser.is_header_done(); });
  ApiRequest to_api = head_of(request);
  arrived_ = to_api.arrived;
  if (const char* const reason = error ? nullptr : framing_problem(request)) {
    match.refuse(problem(400, reason));
  } else if (!error) {
    match = io_.shared.api.match(to_api);
    // A caller without the right key cannot make the server hold megabytes.
    if (match.wants_body() && !parser.is_done()) {
      most = std::min(match.max_body_bytes(), io_.shared.options.max_body_bytes);
      error = co_await read_body(parser, match, most, memory);
    }
    whole = !error && parser.is_done();
  }
  if (error) {
    auto answer = refusal(error, most, io_.shared.options);
    if (!answer) co_return false;
    match.refuse(*std::move(answer));
  }
  to_api.body = request.body();
  to_api.arrived = arrived_;
  connection_.expires_never();  // the endpoints have timeouts of their own
  ApiResponse answer = co_await ask(match, to_api);
  parser.get().body() = std::string();  // not held by those who read their answers slowly
  if (buffer_.capacity() > io_.shared.options.max_header_bytes) buffer_.shrink_to_fit();
  memory.release();
  MemoryBudget::Share unread(io_.shared.answers);
  if (counts(answer, request.method(), io_.shared.options) && !unread.grow_to(answer.body.size())) {
    answer = without_body(std::move(answer), io_.shared.options);
    io_.shared.withheld_answers.Increment();
  }
  encode(answer, request, io_.gzip);
  const bool keep_alive = whole && request.keep_alive() && !io_.draining;
  const bool sent = co_await write(request, std::move(answer), keep_alive);
  if (!whole) co_await ignore_the_rest();
  co_return sent&& keep_alive;
}

/// Small bodies are not counted, so that large ones do not keep everybody out.
template <typename Stream>
bool HttpSession<Stream>::has_room(MemoryBudget::Share& memory, std::uint64_t size) const {
  return size <= io_.shared.options.max_header_bytes || memory.grow_to(size);
}

template <typename Stream>
Awaitable<beast::error_code> HttpSession<Stream>::read_body(Parser& parser, const Router::Match& match,
                                                            std::size_t most, MemoryBudget::Share& memory) {
  const std::uint64_t length = parser.content_length().value_or(0);
  if (length > most) co_return http::error::body_limit;
  if (!has_room(memory, length)) co_return make_error_code(kNoMemory);
  const Request& request = parser.get();
  if (request.version() >= 11 && beast::iequals(request[http::field::expect], "100-continue")) {
    const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return asio::error::eof;
    connection_.expires_after(io_.shared.options.header_timeout);
  }
  parser.eager(true);
  parser.body_limit(most);  // of chunks
  std::uint64_t announced = 0;
  auto check_chunk = [&](std::uint64_t size, beast::string_view extension, beast::error_code& problem) {
    // The extension of a chunk ends where its line does; to other servers that may be a bare LF.
    if (extension.find_first_of("\r\n") != beast::string_view::npos) problem = http::error::bad_chunk_extension;
    if (!has_room(memory, announced += size)) problem = make_error_code(kNoMemory);
  };
  parser.on_chunk_header(check_chunk);
  const auto error = co_await read(parser, [&] { return parser.is_done(); });
  arrived_ = Connection::Clock::now();
  const bool encoded = body_coding(joined(request, http::field::content_encoding)) == BodyCoding::gzip;
  if (error || !encoded) co_return error;
  co_return co_await decode_body(parser.get().body(), match, most, memory);
}

/// Replaces a gzip body by its content.
template <typename Stream>
Awaitable<beast::error_code> HttpSession<Stream>::decode_body(std::string& body, const Router::Match& match,
                                                              std::size_t most, MemoryBudget::Share& memory) {
  connection_.expires_never();  // all of it is here
  const std::string compressed = std::exchange(body, std::string());
  const auto has_room_beside = [&](std::size_t size) { return has_room(memory, compressed.size() + size); };
  // Megabytes may decode to nothing, and take as long as others.
  beast::error_code error = http::error::body_limit;
  if (compressed.size() <= kMostBytesInPlace) {
    error = gunzip(compressed, std::min(most, kMostBytesInPlace), has_room_beside, body);
    if (error != http::error::body_limit || most <= kMostBytesInPlace) co_return error;
  }
  const bool decoded = co_await elsewhere(match, [&] { error = gunzip(compressed, most, has_room_beside, body); });
  co_return decoded ? error : make_error_code(kNoTime);
}

/// Waits until `work` has run on the thread for such requests. False if it had no time for it.
template <typename Stream>
template <typename Work>
Awaitable<bool> HttpSession<Stream>::elsewhere(const Router::Match& match, const Work& work) {
  BackgroundThread& thread = match.is_read() ? io_.shared.reads : io_.shared.large_bodies;
  const bool ran = co_await asio::async_initiate<decltype(kAwaitResult), void(bool)>(
      [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto resume = [&context = io_.context](auto waiting, bool in_time) {
          asio::post(context, [waiting = std::move(waiting), in_time] { (*waiting)(in_time); });
        };
        const bool queued = thread.post([&work, resume, shared](bool in_time) mutable {
          if (in_time) work();
          resume(std::move(shared), in_time);
        });
        if (!queued) resume(std::move(shared), false);
      },
      kAwaitResult);
  if (!ran) io_.shared.late.Increment();
  co_return ran;
}

/// Everything but the body. The fields of a trailer are not among them.
template <typename Stream>
ApiRequest HttpSession<Stream>::head_of(const Request& request) const {
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
  co_return co_await asio::async_initiate<decltype(kAwaitResult), void(bool)>(
      [this](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        io_.admission.decide([shared](bool admitted) { (*shared)(admitted); });
      },
      kAwaitResult);
}

/// The API's answer, on this thread. Most answers are there when handle() returns. They are not queued, so the client
/// does not wait for the answers to others.
template <typename Stream>
Awaitable<ApiResponse> HttpSession<Stream>::ask(Router::Match& match, ApiRequest& request) {
  struct Pending {
    std::mutex mutex;
    std::optional<ApiResponse> answer;       // guarded by mutex
    std::function<void(ApiResponse)> go_on;  // guarded by mutex; empty: this coroutine does not wait yet
  };
  request.shedding = !io_.admission.admits();
  if (request.shedding) request.shedding = !co_await admitted_after_all();
  if (request.shedding) io_.shared.shed.Increment();
  auto pending = std::make_shared<Pending>();
  const auto handle = [&] {
    io_.shared.api.handle(std::move(match), request, [&context = io_.context, pending](ApiResponse answer) {
      const std::lock_guard lock(pending->mutex);
      if (!pending->go_on) {
        pending->answer = std::move(answer);
        return;
      }
      asio::post(context, [go_on = std::move(pending->go_on), answer = std::move(answer)]() mutable {
        go_on(std::move(answer));
      });
    });
  };
  if (request.body.size() <= kMostBytesInPlace || !match.wants_body()) {
    handle();
  } else if (!co_await elsewhere(match, handle)) {
    match.refuse(problem(503, kLate));
    handle();
  }
  // Its timers may own the wait for the answer, and so this coroutine.
  request.executor.reset();
  {
    const std::lock_guard lock(pending->mutex);
    if (pending->answer) co_return *std::move(pending->answer);
  }
  co_return co_await asio::async_initiate<decltype(kAwaitResult), void(ApiResponse)>(
      [&](auto handler) {
        // The handler is move-only; std::function needs a copyable callable.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        // From here on `awaited` owns the handler, and so this coroutine: dropping it destroys both.
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
Awaitable<bool> HttpSession<Stream>::write(const Request& request, ApiResponse answer, bool keep_alive) {
  const bool with_body = request.method() != http::verb::head;
  const std::string message =
      message_of(answer, io_.date.at(std::time(nullptr)), request.version(), keep_alive, with_body);
  answer.body = std::string();  // it is in the message
  const bool sent = co_await send(message);
  co_return sent&& keep_alive;
}

template <typename Stream>
Awaitable<bool> HttpSession<Stream>::send(std::string_view message) {
  connection_.expires_after(io_.shared.options.write_timeout);
  auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(message), kAwait);
  co_return !error;
}

/// Closing a connection with unread input would reset it before the client has read the answer.
template <typename Stream>
Awaitable<void> HttpSession<Stream>::ignore_the_rest() {
  finish_sending(stream_);
  std::array<char, 16384> rest;
  connection_.expires_after(std::chrono::seconds(1));
  for (std::size_t drained = 0; drained < kMostIgnored;) {
    auto [gone, bytes] = co_await stream_.async_read_some(asio::buffer(rest), kAwait);
    if (gone) break;
    drained += bytes;
  }
}

template class HttpSession<PlainStream>;
template class HttpSession<TlsStream>;

}  // namespace freshet::serve
