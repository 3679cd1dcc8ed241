// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "base/sync.h"
#include "serve/access/key_ring.h"

namespace freshet::serve {

/// Decides who may call what, by the API keys of a file.
/// Threads: all methods may be called concurrently. reload() affects later calls only.
class AccessControl {
 public:
  /// `keys_file` empty: every caller may do everything.
  /// Errors: throws std::runtime_error, naming file and line, if the file cannot be used.
  AccessControl(const std::string& keys_file, Metrics& metrics);

  /// Reads the file again.
  /// Errors: as the constructor; the keys in use stay.
  Result<void> reload();

  struct Decision {
    enum Kind { allowed, no_key, unknown_key, wrong_scope, too_often, too_many_events };
    Kind kind = allowed;
    std::optional<std::string> caller{};         ///< name of the key; nullopt: unknown, or keys are off
    TokenBucket::Clock::duration retry_after{};  ///< too_often and too_many_events only
    std::shared_ptr<const ApiKey> charged{};     ///< the key that charge() charges; null: none has a limit of events
  };

  /// What an endpoint asks of its callers.
  struct Endpoint {
    std::optional<Scope> scope;  ///< nullopt: no key needed
    bool counts_events = false;  ///< charge() follows: refused while the key has used up its events
  };

  /// Takes a token of the key's limit of requests.
  /// `authorization` and `x_api_key`: the headers, empty if absent.
  Decision decide(const Endpoint& endpoint, std::string_view authorization, std::string_view x_api_key,
                  TokenBucket::Clock::time_point now) const;
  Decision decide(std::optional<Scope> scope, std::string_view authorization, std::string_view x_api_key,
                  TokenBucket::Clock::time_point now) const {
    return decide(Endpoint{scope}, authorization, x_api_key, now);
  }

  /// Charges the key of an allowed call for `events`. Returns `allowed`, or `too_many_events` if other requests have
  /// used them up meanwhile; this one is then not charged.
  Decision charge(Decision allowed, std::uint64_t events, TokenBucket::Clock::time_point now) const;

 private:
  Decision refused(Decision decision, const char* reason) const;

  const std::string keys_file_;
  Metrics& metrics_;
  Published<KeyRing> keys_;
};

}  // namespace freshet::serve
