// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/target.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/url.hpp>

namespace freshet::serve {
namespace {

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Result<boost::urls::url_view> parse(std::string_view text) {
  const boost::core::string_view view(text.data(), text.size());
  if (text.starts_with('/')) {
    if (const auto url = boost::urls::parse_origin_form(view)) return *url;
  } else if (const auto url = boost::urls::parse_absolute_uri(view)) {
    const bool http = url->scheme_id() == boost::urls::scheme::http || url->scheme_id() == boost::urls::scheme::https;
    if (http && !url->host().empty() && !url->has_userinfo()) return *url;
  }
  return Error{Errc::invalid, "the request target is not a valid URL path"};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  const auto url = parse(text);
  if (!url) return url.error();
  Target target;
  for (auto&& segment : url->segments()) target.segments.push_back(std::move(segment));
  if (target.segments.size() == 1 && target.segments.front().empty()) target.segments.clear();  // "/"
  for (auto&& parameter : url->params()) {
    if (parameter.key.empty() && !parameter.has_value) continue;  // "?", "?k=1&"
    target.query.emplace_back(std::move(parameter.key), std::move(parameter.value));
  }
  target.authority = std::string(url->encoded_host_and_port());
  if (!std::ranges::all_of(target.segments, valid_utf8)) return Error{Errc::invalid, "the path is not valid UTF-8"};
  for (const auto& [name, value] : target.query) {
    if (!valid_utf8(name) || !valid_utf8(value)) return Error{Errc::invalid, "the query is not valid UTF-8"};
  }
  return target;
}

}  // namespace freshet::serve
