// SPDX-License-Identifier: Apache-2.0
#include "serve/http/framing.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/url.hpp>

namespace freshet::serve {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool valid_host(beast::string_view host) {
  const auto authority = boost::urls::parse_authority(host);
  return authority && !authority->has_userinfo();
}

}  // namespace

const char* framing_problem(const http::request_header<>& head) {
  const auto lengths = head.count(http::field::content_length);
  const auto codings = head.count(http::field::transfer_encoding);
  if (codings > 0) {
    if (head.version() < 11) return "Transfer-Encoding needs HTTP/1.1";
    if (codings > 1 || !beast::iequals(head[http::field::transfer_encoding], "chunked")) {
      return "the only Transfer-Encoding supported is \"chunked\"";
    }
    if (lengths > 0) return "Content-Length and Transfer-Encoding exclude each other";
  }
  if (lengths > 1 || !std::ranges::all_of(head[http::field::content_length], is_digit)) {
    return "Content-Length must be one number";
  }
  const auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return "a request has exactly one Host";
  if (!valid_host(head[http::field::host])) return "Host must be HOST or HOST:PORT";
  return nullptr;
}

}  // namespace freshet::serve
