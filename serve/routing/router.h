#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "serve/access/access_control.h"
#include "serve/access/audit_log.h"
#include "serve/routing/message.h"

namespace freshet::serve {

/// A request that matched a route: everything decoded and checked as far as the route table can.
struct RouteRequest {
  std::vector<std::string> path;             ///< values of the {parameters}, in order, percent-decoded, valid UTF-8
  std::map<std::string, std::string> query;  ///< only parameters that the route takes
  std::string_view body;
  std::shared_ptr<Executor> executor;

  /// The parameter as an integer in [low, high]; `fallback` if absent.
  Result<std::size_t> number(const std::string& name, std::size_t low, std::size_t high, std::size_t fallback) const;
  /// "true" or "false"; false if absent.
  Result<bool> flag(const std::string& name) const;
  std::optional<std::string> text(const std::string& name) const;
};

using Handler = std::function<void(const RouteRequest&, Respond)>;

struct Route {
  std::string method;
  std::string path;                ///< "/v1/items/{item}"
  std::vector<std::string> query;  ///< parameters it takes; anything else is refused
  std::optional<Scope> scope;      ///< what a caller's key must have; nullopt: open to everybody
  bool sheddable = false;          ///< refused first when overloaded
  Handler handler;
};

/// Finds the route of a request and answers what no handler needs to see: 404, 405, callers without the right key or in
/// too much of a hurry, bad encodings, unknown parameters, overload. HEAD is answered as GET. Gives every
/// request an id, counts, times and logs it by route (never by its target, which has ids in it), and audits admin
/// calls.
class Router {
 public:
  Router(const AccessControl& access, const AuditLog& audit, Metrics& metrics);
  ~Router();

  void add(Route route);
  void handle(const ApiRequest& request, Respond respond) const;

  /// False if the answer of handle() does not depend on the body: no such endpoint, none that takes one, or no right to
  /// it.
  bool wants_body(const ApiRequest& request) const;

  std::vector<const Route*> routes() const;

 private:
  class RouteMetrics;
  struct Entry;
  /// The route, or which methods there would be.
  struct Found {
    const Entry* entry = nullptr;
    std::string allowed;
  };
  struct Call {
    std::string id;
    std::chrono::steady_clock::time_point start;
  };

  Found find(std::string_view method, const std::vector<std::string>& segments) const;
  Respond finishing(const Call& call, const RouteMetrics& metrics, std::string caller,
                    std::optional<std::string> subject, Respond respond) const;

  const AccessControl& access_;
  const AuditLog& audit_;
  Metrics& metrics_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::unique_ptr<RouteMetrics> unmatched_;
};

}  // namespace freshet::serve
