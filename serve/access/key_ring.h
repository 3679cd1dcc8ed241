// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/access/token_bucket.h"

namespace freshet::serve {

/// What a caller may do. No scope includes another: a key lists all it has.
enum class Scope {
  read,   ///< lists, ranking, status
  write,  ///< events
  admin,  ///< items, histories (export and erasure)
};

std::string_view to_string(Scope scope);
/// "read,write".
/// Errors: invalid.
Result<std::set<Scope>> parse_scopes(std::string_view text);

/// How many requests, or events, there may be.
struct RateLimit {
  double per_second = 0;  ///< 0: no limit
  double burst = 0;       ///< at once after a pause; at least 1

  bool operator==(const RateLimit&) const = default;
};

/// How much a key may do.
struct KeyLimits {
  RateLimit requests;
  std::optional<RateLimit> events{};  ///< nullopt: as many as the limit of requests implies

  /// The limit that is enforced. With a limit of requests and none of events: 100 events per request, and a burst of at
  /// least 10,000, the events of one full request by default (serve.max_events_per_request).
  RateLimit of_events() const;

  bool operator==(const KeyLimits&) const = default;
};

/// One caller. Only the digest of the key is stored.
struct ApiKey {
  ApiKey(std::string the_name, std::set<Scope> the_scopes, const KeyLimits& limits)
      : name(std::move(the_name)), scopes(std::move(the_scopes)) {
    if (limits.requests.per_second > 0) requests.emplace(limits.requests.per_second, limits.requests.burst);
    const RateLimit per_event = limits.of_events();
    if (per_event.per_second > 0) events.emplace(per_event.per_second, per_event.burst);
  }

  const std::string name;  ///< for logs and metrics
  const std::set<Scope> scopes;
  mutable std::optional<TokenBucket> requests;
  mutable std::optional<TokenBucket> events;  ///< charged for the bodies of requests that write
  std::array<std::uint8_t, 32> digest{};
};

/// The keys of serve.keys_file, one per line: `NAME SCOPES RATE sha256:DIGEST`; '#' begins a comment. RATE is what
/// parse_key_limits() reads.
///
/// The digest is a plain SHA-256 of the key. Salts and slow hashes protect passwords, which can be guessed; a key is
/// 256 random bits (others are refused), so it needs neither.
/// Threads: immutable, except for the buckets, which are thread-safe.
/// Cost:    under a microsecond per look-up.
class KeyRing {
 public:
  /// Errors: invalid, with the line number; never with its text, which may contain a key by mistake.
  static Result<std::shared_ptr<const KeyRing>> parse(std::string_view text);

  /// The holder of `key`, or nullptr. Takes the same time for every key, known or not.
  const ApiKey* find(std::string_view key) const;

  std::size_t size() const { return keys_.size(); }

 private:
  std::deque<ApiKey> keys_;
};

/// A new key.
std::string new_api_key();

/// The line of the keys file for a key.
/// REQUIRES: check_key_name(name).
std::string key_line(std::string_view name, const std::set<Scope>& scopes, const KeyLimits& limits,
                     std::string_view key);

/// A name is safe for logs and labels: letters, digits, '-', '_' and '.', at most 64, the first a letter or digit.
/// Errors: invalid.
Result<void> check_key_name(std::string_view name);

/// "500", "500/1000", or "-" for no limit; the default burst is that of one second.
/// Errors: invalid.
Result<RateLimit> parse_rate_limit(std::string_view text);

/// A rate limit of requests, and one of events: "500/1000", "500/1000,events=20000/40000", "-,events=20000", "-".
/// Errors: invalid.
Result<KeyLimits> parse_key_limits(std::string_view text);

}  // namespace freshet::serve
