// SPDX-License-Identifier: Apache-2.0
#include "serve/http/content_coding.h"

#include <algorithm>
#include <boost/url/grammar/ci_string.hpp>
#include <optional>
#include <string>
#include <utility>

#include "serve/routing/media_type.h"

namespace freshet::serve {
namespace {

namespace http = boost::beast::http;
using boost::urls::grammar::ci_is_equal;

/// In thousandths, as a weight has at most three decimals.
using Weight = int;
constexpr Weight kMost = 1000;

std::string_view trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// "0.5": 500. nullopt if it is no weight.
std::optional<Weight> weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  Weight value = (text[0] - '0') * kMost;
  Weight place = kMost / 10;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value += (digit - '0') * place;
    place /= 10;
  }
  return value <= kMost ? std::optional(value) : std::nullopt;
}

/// The weight of an entry: "gzip", "gzip;q=0.5". nullopt if what follows the coding is no weight.
std::optional<Weight> weight_of(std::string_view parameters) {
  if (parameters.empty()) return kMost;
  const std::size_t equals = parameters.find('=');
  if (equals == std::string_view::npos || !ci_is_equal(parameters.substr(0, equals), "q")) return std::nullopt;
  return weight(parameters.substr(equals + 1));
}

}  // namespace

std::string joined(const http::fields& fields, http::field name) {
  std::string values;
  for (auto [field, end] = fields.equal_range(name); field != end; ++field) {
    const auto value = field->value();
    values.append(values.empty() ? "" : ",").append(value.data(), value.size());
  }
  return values;
}

bool asks_for_gzip(std::string_view accept_encoding) {
  std::optional<Weight> gzip, identity, others;
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view entry = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    const std::size_t semicolon = std::min(entry.find(';'), entry.size());
    const std::string_view coding = trimmed(entry.substr(0, semicolon));
    const auto given = weight_of(trimmed(entry.substr(std::min(semicolon + 1, entry.size()))));
    if (!given) continue;
    if (is_gzip(coding)) gzip = given;
    if (ci_is_equal(coding, "identity")) identity = given;
    if (coding == "*") others = given;
  }
  const Weight of_gzip = gzip.value_or(others.value_or(0));
  return of_gzip > 0 && of_gzip >= identity.value_or(others.value_or(0));
}

void encode(ApiResponse& answer, const http::fields& request, GzipEncoder& gzip) {
  const bool is_text = is_json_type(answer.content_type) || answer.content_type.starts_with("text/");
  const std::size_t size = answer.body.size();
  if (!is_text || size < kLeastBytesToEncode || size > kMostBytesToEncode) return;
  answer.headers.emplace_back("Vary", "Accept-Encoding");
  if (!asks_for_gzip(joined(request, http::field::accept_encoding))) return;
  auto encoded = gzip.encode(answer.body);
  if (!encoded) return;
  answer.body = *std::move(encoded);
  answer.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace freshet::serve
