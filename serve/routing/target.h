// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace freshet::serve {

/// The target of a request, taken apart and percent-decoded. Everything decoded is valid UTF-8.
struct Target {
  std::vector<std::string> segments;  ///< of the path; none for "/"
  std::vector<std::pair<std::string, std::string>> query;
  std::string authority;  ///< "host:port" of the absolute form, which replaces the field Host; otherwise empty
};

/// From the origin form ("/v1/popular?k=5") or the absolute form ("http://host/v1/popular?k=5").
/// Errors: invalid.
Result<Target> parse_target(std::string_view text);

}  // namespace freshet::serve
