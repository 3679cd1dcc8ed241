#pragma once

#include <boost/beast/core/error.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace freshet::serve {

/// The content of a gzip body, of one or more members.
/// `has_room`: asked before the content grows to that many bytes.
/// Errors: body_limit (http::error) beyond `most` bytes; not_enough_memory (errc) if there is no room; bad_message (errc)
///         if it is not gzip, or not to its end.
/// Cost:   no more memory than what has_room allowed, however small the body is.
boost::beast::error_code gunzip(std::string_view body, std::size_t most,
                                const std::function<bool(std::size_t)>& has_room, std::string& content);

}  // namespace freshet::serve
