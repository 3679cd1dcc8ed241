// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/core/error.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::serve {

/// The content of a gzip body, of one or more members. Zero bytes behind a member are padding, as for gzip(1).
/// `has_room`: asked before the content grows to that many bytes.
/// Errors: body_limit (http::error) beyond `most` bytes; not_enough_memory (errc) if there is no room; bad_message (errc)
///         if it is not gzip, or not to its end.
/// Cost:   no more memory than what has_room allowed, however small the body is.
boost::beast::error_code gunzip(std::string_view body, std::size_t most,
                                const std::function<bool(std::size_t)>& has_room, std::string& content);

/// Compresses contents with gzip, fast rather than small.
/// Threads: one.
/// Cost:    270 KB of memory from the first use on; some 10 us per KB of JSON (docs/performance.md).
class GzipEncoder {
 public:
  GzipEncoder();
  ~GzipEncoder();

  /// nullopt if that would not be smaller than `content`, or if there is no memory for it.
  std::optional<std::string> encode(std::string_view content);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  // null: not used yet
};

}  // namespace freshet::serve
