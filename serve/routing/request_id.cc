// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/request_id.h"

#include <algorithm>
#include <boost/url/grammar/alnum_chars.hpp>

#include "base/random_id.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kMaxGiven = 128;

bool fits(char c) { return boost::urls::grammar::alnum_chars(c) || c == '-' || c == '_' || c == '.' || c == ':'; }

}  // namespace

std::string request_id(std::string_view given) {
  const bool safe = !given.empty() && given.size() <= kMaxGiven && std::ranges::all_of(given, fits);
  return safe ? std::string(given) : random_id();
}

}  // namespace freshet::serve
