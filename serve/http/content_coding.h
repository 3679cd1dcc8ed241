// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>
#include <string>
#include <string_view>

#include "serve/http/gzip.h"
#include "serve/routing/message.h"

namespace freshet::serve {

/// The values of all fields of that name, joined by commas.
std::string joined(const boost::beast::http::fields& fields, boost::beast::http::field name);

/// True if the field Accept-Encoding asks for gzip rather than for the content as it is (RFC 9110 12.5.3). An entry
/// that does not follow the grammar asks for nothing. Several fields count as one, joined by commas.
bool asks_for_gzip(std::string_view accept_encoding);

/// Compresses an answer that is JSON or text, has kLeastBytesToEncode to kMostBytesToEncode, and becomes smaller. Says
/// by Vary that the answer depends on Accept-Encoding, whether it was compressed or not, unless it would never be.
/// `request`: the fields of the request.
void encode(ApiResponse& answer, const boost::beast::http::fields& request, GzipEncoder& gzip);

/// A smaller answer is one packet of an Ethernet as it is, and compressing it would only take time.
inline constexpr std::size_t kLeastBytesToEncode = 1400;
/// A larger answer would hold up the other connections of its thread: about 10 us per KB.
inline constexpr std::size_t kMostBytesToEncode = std::size_t{256} << 10;

}  // namespace freshet::serve
