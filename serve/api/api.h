#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/options.h"
#include "serve/routing/message.h"
#include "serve/services.h"

namespace freshet::serve {

/// The HTTP API without HTTP: requests in, answers out, no sockets.
/// Threads: all methods may be called concurrently; a request's views must stay valid until `respond` is called.
/// Errors:  the constructor throws std::runtime_error if serve.keys_file or serve.audit.file cannot be used.
class Api {
 public:
  Api(const Options& options, const Services& services);
  ~Api();

  void handle(const ApiRequest& request, Respond respond) const;

  /// False if the answer of handle() does not depend on the body, so that nobody need read it.
  bool wants_body(const ApiRequest& request) const;

  /// Reads serve.keys_file again. Errors: invalid; the keys in use stay.
  Result<void> reload_keys();

  /// Opens serve.audit.file again. Errors: invalid; lines go where they went.
  Result<void> reopen_audit();

  /// "GET /v1/popular" with the query parameters it takes and the scope it asks for (empty: none), for the test that
  /// compares them with the OpenAPI document.
  struct Endpoint {
    std::string method, path;
    std::vector<std::string> query;
    std::string scope;
  };
  std::vector<Endpoint> endpoints() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
