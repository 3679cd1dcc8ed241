// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serve/http/connection.h"
#include "serve/http/http_request.h"
#include "serve/http/wire.h"
#include "serve/routing/message.h"
#include "serve/routing/router.h"

namespace freshet::serve {

/// HTTP/1.1 over one connection: reads requests and writes the API's answers, within the limits of the options.
/// Threads: the one of `io`.
template <typename Stream>
class HttpSession {
 public:
  HttpSession(Stream& stream, Connection& connection, const IoState& io)
      : connection_(connection), io_(io), wire_(stream, connection, io.shared.options) {}

  /// Returns when the peer, a limit or io.draining ends the session. The caller closes the stream.
  Awaitable<void> run();

 private:
  Awaitable<bool> serve_one();
  Awaitable<bool> read_and_answer();
  Awaitable<bool> admitted_after_all();
  ApiRequest head_of(const HttpRequest& request) const;
  Awaitable<ApiResponse> ask(Router::Match& match, ApiRequest& request);
  Awaitable<bool> write(const HttpRequest& request, ApiResponse answer, bool keep_alive);

  Connection& connection_;
  const IoState& io_;
  Wire<Stream> wire_;
};

}  // namespace freshet::serve
