// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/media_type.h"

#include <algorithm>
#include <array>
#include <boost/url/grammar/ci_string.hpp>

namespace freshet::serve {

namespace {

using boost::urls::grammar::ci_is_equal;

/// "application/json; charset=utf-8": "json". Empty if it is not of "application".
std::string_view application_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  constexpr std::string_view kApplication = "application/";
  if (!ci_is_equal(type.substr(0, kApplication.size()), kApplication)) return {};
  return type.substr(kApplication.size());
}

}  // namespace

bool is_json_type(std::string_view content_type) {
  constexpr std::string_view kJson = "+json";
  const std::string_view type = application_type(content_type);
  if (ci_is_equal(type, "json") || is_ndjson_type(content_type)) return true;
  return type.size() > kJson.size() && ci_is_equal(type.substr(type.size() - kJson.size()), kJson);
}

bool is_ndjson_type(std::string_view content_type) {
  constexpr std::array<std::string_view, 3> kTypes{"x-ndjson", "ndjson", "jsonl"};
  const std::string_view type = application_type(content_type);
  return std::ranges::any_of(kTypes, [&](std::string_view known) { return ci_is_equal(type, known); });
}

bool is_gzip(std::string_view coding) { return ci_is_equal(coding, "gzip") || ci_is_equal(coding, "x-gzip"); }

BodyCoding body_coding(std::string_view content_encoding) {
  BodyCoding all = BodyCoding::identity;
  while (!content_encoding.empty()) {
    const std::size_t comma = std::min(content_encoding.find(','), content_encoding.size());
    std::string_view coding = content_encoding.substr(0, comma);
    content_encoding.remove_prefix(std::min(comma + 1, content_encoding.size()));
    coding.remove_prefix(std::min(coding.find_first_not_of(" \t"), coding.size()));
    coding = coding.substr(0, coding.find_last_not_of(" \t") + 1);
    if (coding.empty() || ci_is_equal(coding, "identity")) continue;
    all = all == BodyCoding::identity && is_gzip(coding) ? BodyCoding::gzip : BodyCoding::other;
  }
  return all;
}

}  // namespace freshet::serve
