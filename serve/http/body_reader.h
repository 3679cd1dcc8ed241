// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "serve/http/line_pieces.h"
#include "serve/http/memory_budget.h"
#include "serve/http/wire.h"
#include "serve/routing/router.h"

namespace freshet::serve {

/// Reads the body of one request, within the limits of the options.
///
/// A body of lines that is larger than a piece goes to the endpoint piece by piece. The next bytes are read when a piece is
/// durable, so the sender waits, and only a piece is in memory.
/// Threads: the one of `io`.
template <typename Stream>
class BodyReader {
 public:
  using ErrorCode = boost::beast::error_code;

  /// `most`: the limit of the body, or of a line. `memory`: what the request has of the budget of all bodies.
  BodyReader(Wire<Stream>& wire, Connection& connection, const IoState& io, MemoryBudget::Share& memory,
             std::size_t most)
      : wire_(wire), connection_(connection), io_(io), memory_(memory), most_(most) {}

  /// Returns with the body in `parser`, decoded, or with `match` settled if its lines have been taken; head.executor is
  /// then null. Sets head.arrived.
  /// REQUIRES: the header has been read, and match.wants_body()
  Awaitable<ErrorCode> read(HttpParser& parser, Router::Match& match, ApiRequest& head);

 private:
  bool has_room(std::uint64_t size);
  Awaitable<ErrorCode> read_whole(HttpParser& parser, const Router::Match& match, ApiRequest& head);
  Awaitable<ErrorCode> decode(std::string& body, const Router::Match& match);
  Awaitable<ErrorCode> read_lines(HttpParser& parser, Router::Match& match, ApiRequest& head);
  Awaitable<ErrorCode> read_piece(HttpParser& parser, const LinePieces& pieces);
  Awaitable<std::optional<ApiResponse>> take(LinePieces& pieces, bool ended, const Router::Match& match,
                                             LineIntake& intake);

  Wire<Stream>& wire_;
  Connection& connection_;
  const IoState& io_;
  MemoryBudget::Share& memory_;
  const std::size_t most_;
};

}  // namespace freshet::serve
