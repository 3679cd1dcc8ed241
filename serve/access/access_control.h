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

/// Who may call what: the keys of a file, or everybody if there is none.
/// Threads: all methods may be called concurrently; reload() replaces the keys for the calls after it.
class AccessControl {
 public:
  /// `keys_file` empty: whoever reaches the service may do everything.
  /// Throws std::runtime_error, naming file and line, if it cannot be used.
  AccessControl(const std::string& keys_file, Metrics& metrics);

  /// Reads the file again. Errors: as the constructor; the keys in use stay.
  Result<void> reload();

  struct Decision {
    enum Kind { allowed, no_key, unknown_key, wrong_scope, too_often };
    Kind kind = allowed;
    std::string caller = "-";                    ///< name of the key, "-": nobody in particular
    TokenBucket::Clock::duration retry_after{};  ///< too_often only
  };

  /// `scope`: what the endpoint asks for; nullopt: nothing.
  /// `authorization` and `x_api_key`: the headers, empty if absent.
  Decision decide(std::optional<Scope> scope, std::string_view authorization, std::string_view x_api_key,
                  TokenBucket::Clock::time_point now) const;

  /// True if there is such a key and it has the scope. Counts nothing.
  bool admits(std::optional<Scope> scope, std::string_view authorization, std::string_view x_api_key) const;

 private:
  const std::string keys_file_;
  Metrics& metrics_;
  Published<KeyRing> keys_;
};

}  // namespace freshet::serve
