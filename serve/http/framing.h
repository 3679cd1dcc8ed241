// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

namespace freshet::serve {

/// What RFC 9112 requires of the head of a request and Beast's parser does not check: where the body ends is said once
/// and in one way, and Host is one valid authority. Everything that another server could read differently is refused, so
/// that a body is never taken for a request, here or behind a proxy.
/// Returns the reason to answer 400 and to close the connection, or nullptr.
const char* framing_problem(const boost::beast::http::request_header<>& head);

}  // namespace freshet::serve
