// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/keyed_hash.h"
#include "base/result.h"
#include "serve/options.h"

namespace freshet::serve {

/// One log line of level "audit" per call of an endpoint with scope admin that was allowed, or refused for a missing
/// scope.
/// Threads: all methods may be called concurrently.
/// Errors:  a line that cannot be written (a full disk) is lost; the call continues.
class AuditLog {
 public:
  struct Call {
    std::string_view request;  ///< request id
    std::string_view key;      ///< name of the caller's key
    std::string_view route;    ///< "DELETE /v1/users/{user}"
    std::string_view subject;  ///< the id in the path; may be empty
    unsigned status = 0;       ///< of the answer
  };

  /// Errors: throws std::runtime_error if the file cannot be opened.
  explicit AuditLog(const AuditOptions& options);

  /// Opens the file again, after a rotation has moved it.
  /// Errors: as the constructor; the open file stays in use.
  Result<void> reopen();

  /// Ids of users and sessions are written as pseudonym() unless the options say otherwise.
  void record(const Call& call) const;

  /// The first 16 digits of HMAC-SHA256 of the id: a holder of the hash key can search for an id, others cannot guess
  /// ids.
  std::string pseudonym(std::string_view id) const;

 private:
  const AuditOptions options_;
  const KeyedHash hash_;
};

}  // namespace freshet::serve
