// SPDX-License-Identifier: Apache-2.0
#include "serve/http/body_reader.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <memory>
#include <utility>

#include "serve/http/content_coding.h"
#include "serve/http/elsewhere.h"
#include "serve/http/gzip.h"
#include "serve/http/pending_answer.h"
#include "serve/http/refusal.h"
#include "serve/routing/json.h"
#include "serve/routing/media_type.h"

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;  // of lines

/// Why the lines of a body are not taken to their end.
ApiResponse why_stopped(const beast::error_code& error, const Router::Match& match, std::size_t most,
                        const Options& options) {
  if (auto answer = refusal(error, match, most, options)) return *std::move(answer);
  if (error == asio::error::operation_aborted) return problem(408, "no line has ended within serve.header_timeout");
  return problem(400, "the connection has ended before the body");
}

}  // namespace

/// Small bodies are not counted, so that large ones do not keep everybody out.
template <typename Stream>
bool BodyReader<Stream>::has_room(std::uint64_t size) {
  return size <= io_.shared.options.max_header_bytes || memory_.grow_to(size);
}

template <typename Stream>
Awaitable<beast::error_code> BodyReader<Stream>::read(HttpParser& parser, Router::Match& match, ApiRequest& head) {
  const bool by_lines = match.max_lines() > 0;
  const std::uint64_t length = parser.content_length().value_or(0);
  if (length > most_ && !by_lines) co_return http::error::body_limit;
  const auto whole_or_piece = static_cast<std::size_t>(std::min<std::uint64_t>(length, std::min(most_, kPieceBytes)));
  if (!has_room(by_lines ? whole_or_piece : length)) co_return make_error_code(kNoMemory);
  const HttpRequest& request = parser.get();
  if (request.version() >= 11 && beast::iequals(request[http::field::expect], "100-continue")) {
    const bool sent = co_await wire_.send("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return asio::error::eof;
    connection_.expires_after(io_.shared.options.header_timeout);
  }
  parser.eager(true);
  std::uint64_t announced = 0;
  auto check_chunk = [&](std::uint64_t size, beast::string_view extension, beast::error_code& problem) {
    // The extension of a chunk ends where its line does; to other servers that may be a bare LF.
    if (extension.find_first_of("\r\n") != beast::string_view::npos) problem = http::error::bad_chunk_extension;
    if (!by_lines && !has_room(announced += size)) problem = make_error_code(kNoMemory);
  };
  parser.on_chunk_header(check_chunk);
  if (by_lines) co_return co_await read_lines(parser, match, head);
  parser.get().body().reserve(length);
  co_return co_await read_whole(parser, match, head);
}

template <typename Stream>
Awaitable<beast::error_code> BodyReader<Stream>::read_whole(HttpParser& parser, const Router::Match& match,
                                                            ApiRequest& head) {
  parser.body_limit(most_);  // of chunks
  const auto error = co_await wire_.read(parser, [&] { return parser.is_done(); });
  head.arrived = Connection::Clock::now();
  const bool encoded = body_coding(joined(parser.get(), http::field::content_encoding)) == BodyCoding::gzip;
  if (error || !encoded) co_return error;
  co_return co_await decode(parser.get().body(), match);
}

/// Replaces a gzip body by its content.
template <typename Stream>
Awaitable<beast::error_code> BodyReader<Stream>::decode(std::string& body, const Router::Match& match) {
  connection_.expires_never();  // all of it is here
  const std::string compressed = std::exchange(body, std::string());
  const auto has_room_beside = [&](std::size_t size) { return has_room(compressed.size() + size); };
  // Megabytes may decode to nothing, and take as long as others.
  beast::error_code error = http::error::body_limit;
  if (compressed.size() <= kMostBytesInPlace) {
    error = gunzip(compressed, std::min(most_, kMostBytesInPlace), has_room_beside, body);
    if (error != http::error::body_limit || most_ <= kMostBytesInPlace) co_return error;
  }
  const bool decoded =
      co_await elsewhere(io_, match, [&] { error = gunzip(compressed, most_, has_room_beside, body); });
  co_return decoded ? error : make_error_code(kNoTime);
}

/// Leaves a body that is one piece to the handler.
template <typename Stream>
Awaitable<beast::error_code> BodyReader<Stream>::read_lines(HttpParser& parser, Router::Match& match,
                                                            ApiRequest& head) {
  std::string& text = parser.get().body();
  LinePieces pieces(text, {std::min(most_, kPieceBytes), match.max_lines()});
  std::shared_ptr<LineIntake> intake;
  std::optional<ApiResponse> stopped;
  do {
    const auto error = co_await read_piece(parser, pieces);
    head.arrived = Connection::Clock::now();
    if (!intake) {
      if (error || (parser.is_done() && pieces.is_one_piece())) co_return error;
      intake = io_.shared.api.take_lines(match, head);
      head.executor.reset();  // its timers may own the wait for the log, and so this coroutine
      if (!intake) break;     // the match is settled
    }
    if (error) {
      stopped = why_stopped(error, match, most_, io_.shared.options);
    } else {
      stopped = co_await take(pieces, parser.is_done(), match, *intake);
    }
    memory_.release();
    text.shrink_to_fit();
  } while (!stopped && !parser.is_done());
  if (intake) match.settle(intake->answer(std::move(stopped)));
  co_return beast::error_code{};
}

/// Reads until there is a piece, the body ends, or the time for it is over. What lines are there by then are one, so that
/// a slow sender need not send more than a line in that time.
template <typename Stream>
Awaitable<beast::error_code> BodyReader<Stream>::read_piece(HttpParser& parser, const LinePieces& pieces) {
  const std::string& text = parser.get().body();
  bool room = true;
  connection_.expires_after(io_.shared.options.header_timeout);
  connection_.goes_on_late = true;
  auto error = co_await wire_.read(parser, [&] {
    room = has_room(std::min(text.size(), pieces.most_bytes()));
    return !room || pieces.full() || parser.is_done();
  });
  connection_.goes_on_late = false;
  connection_.expires_never();
  if (!room) co_return make_error_code(kNoMemory);
  if (error == asio::error::operation_aborted && text.find('\n') != std::string::npos) error = {};
  co_return error;
}

/// Takes the pieces that are there, one after another. Why no more can be taken, if that is so.
template <typename Stream>
Awaitable<std::optional<ApiResponse>> BodyReader<Stream>::take(LinePieces& pieces, bool ended,
                                                               const Router::Match& match, LineIntake& intake) {
  const bool in_place = pieces.bytes() <= kMostBytesInPlace;
  for (auto piece = pieces.next(ended); piece; piece = pieces.next(ended)) {
    if (piece->too_long) {
      intake.reject_line("the line is longer than " + std::to_string(pieces.most_bytes()) + " bytes");
      continue;
    }
    PendingAnswer answer(io_.context);
    const auto begin = [&] { intake.take(piece->lines, answer.callback()); };
    if (in_place) {
      begin();
    } else {
      const bool begun = co_await elsewhere(io_, match, begin);
      if (!begun) co_return problem(503, kLate);
    }
    ApiResponse taken = co_await answer.wait();
    if (taken.status != 202) co_return taken;
  }
  if (io_.draining && !ended) co_return problem(503, "the server is stopping");
  co_return std::nullopt;
}

template class BodyReader<PlainStream>;
template class BodyReader<TlsStream>;

}  // namespace freshet::serve
