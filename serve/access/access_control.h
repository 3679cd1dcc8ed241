#pragma once

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
    enum Kind { allowed, no_key, unknown_key, wrong_scope, too_often };
    Kind kind = allowed;
    std::string caller = "-";                    ///< name of the key; "-": unknown, or keys are off
    TokenBucket::Clock::duration retry_after{};  ///< too_often only
  };

  /// `scope`: what the endpoint requires; nullopt: no key needed.
  /// `authorization` and `x_api_key`: the headers, empty if absent.
  Decision decide(std::optional<Scope> scope, std::string_view authorization, std::string_view x_api_key,
                  TokenBucket::Clock::time_point now) const;

 private:
  const std::string keys_file_;
  Metrics& metrics_;
  Published<KeyRing> keys_;
};

}  // namespace freshet::serve
