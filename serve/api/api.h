// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.h"
#include "serve/options.h"
#include "serve/routing/message.h"
#include "serve/routing/router.h"
#include "serve/services.h"

namespace freshet::serve {

/// The HTTP API without HTTP: requests in, responses out, no sockets.
/// Threads: all methods may be called concurrently.
/// Errors:  the constructor throws std::runtime_error if serve.keys_file or serve.audit.file cannot be used.
class Api {
 public:
  Api(const Options& options, const Services& services);
  ~Api();

  /// Finds route and caller of a request from its head; its body may still be missing.
  Router::Match match(const ApiRequest& request) const;

  /// Where the lines of a body go: Router::take_lines().
  std::shared_ptr<LineIntake> take_lines(Router::Match& match, const ApiRequest& request) const;

  /// Answers `request`, whose head was given to match(). Its views must stay valid until `respond` is called.
  void handle(Router::Match match, const ApiRequest& request, Respond respond) const;

  /// Reads serve.keys_file again.
  /// Errors: invalid; the keys in use stay.
  Result<void> reload_keys();

  /// Opens serve.audit.file again.
  /// Errors: invalid; the open file stays in use.
  Result<void> reopen_audit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
