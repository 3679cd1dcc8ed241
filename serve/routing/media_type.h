// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace freshet::serve {

/// True for the types that bodies have: JSON ("application/json", "application/cloudevents+json"; any "+json") and
/// NDJSON. Parameters ("; charset=utf-8") are ignored. A web page can send these to another site only if that site allows
/// it (CORS), unlike forms and plain text.
bool is_json_type(std::string_view content_type);

/// True for the types that NDJSON has.
bool is_ndjson_type(std::string_view content_type);

/// True for a content coding that is gzip by either of its names.
bool is_gzip(std::string_view coding);

enum class BodyCoding { identity, gzip, other };

/// What the Content-Encoding of a body says. Several fields count as one, joined by commas (RFC 9110 8.4). A body that is
/// encoded twice is `other`.
BodyCoding body_coding(std::string_view content_encoding);

}  // namespace freshet::serve
