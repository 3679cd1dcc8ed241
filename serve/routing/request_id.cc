#include "serve/routing/request_id.h"

#include <algorithm>
#include <boost/url/grammar/alnum_chars.hpp>
#include <random>

#include "base/hex.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kMaxGiven = 128;

bool fits(char c) { return boost::urls::grammar::alnum_chars(c) || c == '-' || c == '_' || c == '.' || c == ':'; }

}  // namespace

std::string new_request_id() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  const auto number = generator();
  return to_hex({reinterpret_cast<const char*>(&number), sizeof number});
}

std::string request_id(std::string_view given) {
  const bool sane = !given.empty() && given.size() <= kMaxGiven && std::ranges::all_of(given, fits);
  return sane ? std::string(given) : new_request_id();
}

}  // namespace freshet::serve
