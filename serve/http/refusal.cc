// SPDX-License-Identifier: Apache-2.0
#include "serve/http/refusal.h"

#include <boost/beast/http/error.hpp>
#include <string>

#include "serve/http/elsewhere.h"
#include "serve/routing/json.h"

namespace freshet::serve {

std::optional<ApiResponse> refusal(const boost::beast::error_code& error, const Router::Match& match, std::size_t most,
                                   const Options& options) {
  namespace http = boost::beast::http;
  if (error == http::error::body_limit) {
    return problem(413, "the body is larger than " + std::to_string(most) + " bytes" +
                            (match.may_be_lines() ? "; as NDJSON that is not compressed, with Content-Type: "
                                                    "application/x-ndjson, it may be of any length"
                                                  : ""));
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

}  // namespace freshet::serve
