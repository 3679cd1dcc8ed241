// SPDX-License-Identifier: Apache-2.0
#include "serve/access/key_ring.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/url/grammar/alnum_chars.hpp>
#include <boost/url/grammar/hexdig_chars.hpp>
#include <charconv>
#include <vector>

#include "base/check.h"
#include "base/hex.h"
#include "base/random_bytes.h"

namespace freshet::serve {
namespace {

constexpr std::string_view kKeyPrefix = "freshet_";  // secret scanners recognize leaked keys by it
constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kEventsPrefix = "events=";
constexpr double kMaxRate = 1e6;
constexpr double kEventsPerRequest = 100, kLeastEventBurst = 10'000;  // of a key without a limit of events
constexpr std::array kScopes{Scope::read, Scope::write, Scope::admin};

using boost::urls::grammar::alnum_chars;

/// The reverse of to_hex(), for digits of either case; nullopt for anything else.
std::optional<std::string> from_hex(std::string_view text) {
  using boost::urls::grammar::hexdig_value;
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const signed char high = hexdig_value(text[i]), low = hexdig_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

using Digest = std::array<std::uint8_t, 32>;

Digest digest_of(std::string_view key) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // looked up once
  Digest digest;
  FRESHET_CHECK(EVP_Digest(key.data(), key.size(), digest.data(), nullptr, sha256, nullptr) == 1);
  return digest;
}

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(kBlank, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<double> rate_from(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= kMaxRate)) return {};
  return value;
}

std::string rate_text(RateLimit limit) {
  if (limit.per_second == 0) return "-";
  std::array<char, 64> text;
  char* end = std::to_chars(text.data(), text.data() + 32, limit.per_second).ptr;
  *end++ = '/';
  end = std::to_chars(end, text.data() + text.size(), limit.burst).ptr;
  return {text.data(), end};
}

std::string limits_text(const KeyLimits& limits) {
  const std::string requests = rate_text(limits.requests);
  return limits.events ? requests + "," + std::string(kEventsPrefix) + rate_text(*limits.events) : requests;
}

}  // namespace

RateLimit KeyLimits::of_events() const {
  if (events) return *events;
  if (requests.per_second == 0) return {};
  return {kEventsPerRequest * requests.per_second, std::max(kLeastEventBurst, kEventsPerRequest * requests.burst)};
}

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::read: return "read";
    case Scope::write: return "write";
    case Scope::admin: return "admin";
  }
  return "";
}

Result<std::set<Scope>> parse_scopes(std::string_view text) {
  std::set<Scope> scopes;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto scope = std::ranges::find(kScopes, text.substr(0, comma), [](Scope s) { return to_string(s); });
    if (scope == kScopes.end()) return Error{Errc::invalid, "scopes are read, write and admin, separated by commas"};
    scopes.insert(*scope);
    if (comma == text.size()) return scopes;
    text.remove_prefix(comma + 1);
  }
}

Result<RateLimit> parse_rate_limit(std::string_view text) {
  if (text == "-") return RateLimit{};
  const std::size_t slash = text.find('/');
  const auto rate = rate_from(text.substr(0, slash));
  const auto burst = slash == std::string_view::npos ? rate : rate_from(text.substr(slash + 1));
  if (!rate || !burst) {
    return Error{Errc::invalid,
                 "a rate is requests per second, RATE/BURST, each above 0 and at most 1000000, or \"-\"; one of events "
                 "may follow: RATE/BURST,events=RATE/BURST"};
  }
  return RateLimit{*rate, std::max(1.0, *burst)};
}

Result<KeyLimits> parse_key_limits(std::string_view text) {
  const std::size_t comma = text.find(',');
  const auto requests = parse_rate_limit(text.substr(0, comma));
  if (!requests) return requests.error();
  KeyLimits limits{*requests, std::nullopt};
  if (comma == std::string_view::npos) return limits;
  text.remove_prefix(comma + 1);
  const auto events = parse_rate_limit(text.starts_with(kEventsPrefix) ? text.substr(kEventsPrefix.size()) : "");
  if (!events) return events.error();
  limits.events = *events;
  return limits;
}

Result<void> check_key_name(std::string_view name) {
  const auto fits = [](char c) { return alnum_chars(c) || c == '-' || c == '_' || c == '.'; };
  if (!name.empty() && name.size() <= 64 && alnum_chars(name.front()) && std::ranges::all_of(name, fits)) return {};
  return Error{Errc::invalid, "a name is letters, digits, '-', '_' and '.', at most 64, the first a letter or digit"};
}

Result<std::shared_ptr<const KeyRing>> KeyRing::parse(std::string_view text) {
  auto ring = std::make_shared<KeyRing>();
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto wrong = [number](const std::string& what) {
      return Error{Errc::invalid, "line " + std::to_string(number) + ": " + what};
    };

    const auto words = words_of(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    if (words.size() != 4) return wrong("expected NAME SCOPES RATE sha256:DIGEST");
    if (const auto named = check_key_name(words[0]); !named) return wrong(named.error().message);
    auto scopes = parse_scopes(words[1]);
    if (!scopes) return wrong(scopes.error().message);
    const auto limits = parse_key_limits(words[2]);
    if (!limits) return wrong(limits.error().message);
    const auto digest = words[3].starts_with(kDigestPrefix) ? from_hex(words[3].substr(kDigestPrefix.size()))
                                                            : std::optional<std::string>();
    if (!digest || digest->size() != Digest().size()) return wrong("a digest is sha256: and 64 hexadecimal digits");

    ApiKey& key = ring->keys_.emplace_back(std::string(words[0]), *std::move(scopes), *limits);
    std::ranges::copy(*digest, key.digest.begin());
    const auto clashes = [&](const ApiKey& other) {
      return &other != &key && (other.name == key.name || other.digest == key.digest);
    };
    if (std::ranges::any_of(ring->keys_, clashes)) return wrong("an earlier line has this name or digest");
  }
  return std::shared_ptr<const KeyRing>(std::move(ring));
}

const ApiKey* KeyRing::find(std::string_view key) const {
  if (!key.starts_with(kKeyPrefix) || key.size() != kKeyPrefix.size() + 2 * kKeyBytes) return nullptr;
  const Digest digest = digest_of(key);
  const ApiKey* found = nullptr;
  for (const ApiKey& candidate : keys_) {
    if (CRYPTO_memcmp(candidate.digest.data(), digest.data(), digest.size()) == 0) found = &candidate;
  }
  return found;
}

std::string new_api_key() { return std::string(kKeyPrefix) + to_hex(random_bytes(kKeyBytes)); }

std::string key_line(std::string_view name, const std::set<Scope>& scopes, const KeyLimits& limits,
                     std::string_view key) {
  FRESHET_CHECK(check_key_name(name));
  std::string names;
  for (const Scope scope : scopes) names += (names.empty() ? "" : ",") + std::string(to_string(scope));
  const Digest digest = digest_of(key);
  return std::string(name) + " " + names + " " + limits_text(limits) + " " + std::string(kDigestPrefix) +
         to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace freshet::serve
