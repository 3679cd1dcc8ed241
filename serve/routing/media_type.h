#pragma once

#include <string_view>

namespace freshet::serve {

/// True for the types that bodies have: JSON ("application/json", "application/cloudevents+json"; any "+json") and
/// NDJSON. Parameters ("; charset=utf-8") are ignored. A web page can send these to another site only if that site allows
/// it (CORS), unlike forms and plain text.
bool is_json_type(std::string_view content_type);

/// True for the Content-Encoding "gzip", the only one that bodies may have.
bool is_gzip(std::string_view content_encoding);

}  // namespace freshet::serve
