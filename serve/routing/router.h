// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "serve/access/access_control.h"
#include "serve/access/audit_log.h"
#include "serve/access/browser_rules.h"
#include "serve/routing/message.h"
#include "serve/routing/route.h"
#include "serve/routing/route_metrics.h"

namespace freshet::serve {

/// Finds the route of a request and answers everything that needs no handler: 404, 405, refused callers and web pages,
/// bodies that are not JSON, bad encodings, unknown or invalid parameters, overload. HEAD is answered as GET, OPTIONS
/// with the methods of the path. Every request gets an id, and is counted, timed and logged by route (never by its
/// target, which contains ids). Calls of admin endpoints are audited.
/// Threads: add() before all others; the others may be called concurrently.
class Router {
 private:
  struct Entry;

 public:
  Router(const AccessControl& access, const BrowserRules& browsers, const AuditLog& audit, Metrics& metrics);
  ~Router();

  /// REQUIRES: route.parameters begins with the parameters of route.path, in its order.
  void add(Route route);

  /// The route and the caller of a request, found once, from its head.
  class Match {
   public:
    /// False if the answer does not depend on the body: no such endpoint, none that reads a body, or a caller without
    /// the right key or over one of its limits.
    bool wants_body() const;

    /// The largest body that the endpoint takes, whatever serve.max_body_bytes is.
    /// REQUIRES: wants_body()
    std::size_t max_body_bytes() const;

    /// The most lines of a piece if the body is NDJSON that the endpoint takes by lines (Route::Lines); 0 if it does not.
    std::size_t max_lines() const;

    /// Whether the endpoint takes bodies by lines, of a request that declares them.
    bool may_be_lines() const;

    /// Whether the endpoint only reads, and everybody with a key may call it.
    bool is_read() const;

    /// Fixes the answer: of a request that cannot be read to its end, or whose lines have been taken. Without a route (a
    /// default Match) it is counted as such.
    void settle(ApiResponse answer);

   private:
    friend Router;
    const Entry* entry_ = nullptr;
    std::optional<ApiResponse> settled_;  // the answer without the handler; set if there is no entry
    std::size_t max_lines_ = 0;
    std::vector<std::string> path_;  // values of the path's parameters, percent-decoded
    std::vector<std::pair<std::string, std::string>> query_;
    AccessControl::Decision decision_;
    bool detailed_ = false;
    std::vector<Header> cors_;  // headers of the answer
  };

  /// Takes a request of the key's limit; handle() takes the events of the body. The body may still be missing.
  Match match(const ApiRequest& request) const;

  /// Where the lines of the body go, instead of to handle(), which then only gives the answer that `match` was settled
  /// with. Each piece is charged to the key. Null, and `match` settled, if the request is invalid. `match` and the views
  /// of `request` outlive the intake.
  /// REQUIRES: match.max_lines() > 0
  std::shared_ptr<LineIntake> take_lines(Match& match, const ApiRequest& request) const;

  /// Answers `request`, whose head was given to match(). Its views must stay valid until `respond` is called.
  void handle(Match match, const ApiRequest& request, Respond respond) const;

  std::vector<const Route*> routes() const;

 private:
  struct Call {
    std::string id;
    std::chrono::steady_clock::time_point start;
    std::vector<Header> headers;  // of the answer, beside its own
  };

  const Entry* find(std::string_view method, const std::vector<std::string>& segments, std::string& allowed) const;
  std::vector<Header> cors(const ApiRequest& request, const Entry* entry) const;
  Respond finishing(Call call, const RouteMetrics& metrics, const std::optional<std::string>& caller,
                    std::optional<std::string> subject, Respond respond) const;

  const AccessControl& access_;
  const BrowserRules& browsers_;
  const AuditLog& audit_;
  Metrics& metrics_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::unique_ptr<RouteMetrics> unmatched_;
};

}  // namespace freshet::serve
