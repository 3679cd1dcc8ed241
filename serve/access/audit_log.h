#pragma once

#include <string>
#include <string_view>

#include "base/keyed_hash.h"
#include "base/result.h"
#include "serve/options.h"

namespace freshet::serve {

/// Who administered what: one line of level "audit" per call of an endpoint of scope admin that was let in, or was
/// refused for want of that scope. Lines that cannot be written (a full disk) are lost; the call goes on. Threads: all
/// methods may be called concurrently.
class AuditLog {
 public:
  struct Call {
    std::string_view request;  ///< request id
    std::string_view key;      ///< name of the caller's key
    std::string_view route;    ///< "DELETE /v1/users/{user}"
    std::string_view subject;  ///< the id in the path; empty: none
    unsigned status = 0;       ///< of the answer
  };

  /// Throws std::runtime_error if the file cannot be opened.
  explicit AuditLog(const AuditOptions& options);

  /// Opens the file again: whoever rotates it has moved it. Errors: as the constructor; lines go where they went.
  Result<void> reopen();

  /// Ids of users and sessions are written as pseudonym() unless the options say otherwise.
  void record(const Call& call) const;

  /// The first 16 digits of HMAC-SHA256 of the id, so that who knows the hash key can look an id up and nobody else can
  /// try ids out.
  std::string pseudonym(std::string_view id) const;

 private:
  const AuditOptions options_;
  const KeyedHash hash_;
};

}  // namespace freshet::serve
