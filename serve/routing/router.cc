#include "serve/routing/router.h"

#include <simdjson.h>

#include <algorithm>
#include <atomic>
#include <boost/url.hpp>
#include <charconv>
#include <chrono>

#include "base/log.h"
#include "base/suggestion.h"
#include "serve/routing/json.h"
#include "serve/routing/request_id.h"

namespace freshet::serve {
namespace {

std::vector<std::string> split_pattern(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // '/'
    const std::size_t slash = std::min(pattern.find('/'), pattern.size());
    segments.emplace_back(pattern.substr(0, slash));
    pattern.remove_prefix(slash);
  }
  return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  return std::ranges::equal(pattern, segments, [](const std::string& wanted, const std::string& segment) {
    return is_parameter(wanted) || wanted == segment;
  });
}

/// The values of the {parameters} of `pattern`.
std::vector<std::string> parameters(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) values.push_back(segments[i]);
  }
  return values;
}

/// Those of GET (HEAD) and DELETE mean nothing (RFC 9110), and some who send them need no key.
bool takes_body(const Route& route) { return route.method != "GET" && route.method != "DELETE"; }

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

/// Path segments and query of a target, percent-decoded.
Result<void> decode_target(std::string_view target, std::vector<std::string>& segments,
                           std::vector<std::pair<std::string, std::string>>& query) {
  const Error bad{Errc::invalid, "the request target is not a valid URL path"};
  const auto url = boost::urls::parse_origin_form(boost::core::string_view(target.data(), target.size()));
  if (!url) return bad;
  for (auto&& segment : url->segments()) segments.push_back(std::move(segment));
  if (segments.size() == 1 && segments.front().empty()) segments.clear();  // "/"
  for (auto&& parameter : url->params()) query.emplace_back(std::move(parameter.key), std::move(parameter.value));
  for (const std::string& segment : segments) {
    if (!valid_utf8(segment)) return Error{Errc::invalid, "the path is not valid UTF-8"};
  }
  for (const auto& [name, value] : query) {
    if (!valid_utf8(name) || !valid_utf8(value)) return Error{Errc::invalid, "the query is not valid UTF-8"};
  }
  return {};
}

Result<void> check_query(const Route& route, const std::vector<std::pair<std::string, std::string>>& given,
                         std::map<std::string, std::string>& query) {
  for (const auto& [name, value] : given) {
    if (std::ranges::count(route.query, name) == 0) {
      const std::string close = nearest(name, route.query);
      return Error{Errc::invalid, "unknown query parameter \"" + name + "\"" +
                                      (close.empty() ? "" : "; did you mean \"" + close + "\"?")};
    }
    if (!query.emplace(name, value).second) return Error{Errc::invalid, name + ": given twice"};
  }
  return {};
}

Result<void> check_path(const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    if (value.empty()) return Error{Errc::invalid, "an id in the path is empty"};
    if (value.size() > kMaxIdBytes) {
      return Error{Errc::invalid, "an id in the path is longer than " + std::to_string(kMaxIdBytes) + " bytes"};
    }
  }
  return {};
}

/// What a refused caller is told; nullopt: nothing, they may go on.
std::optional<ApiResponse> refusal(const AccessControl::Decision& decision, const Route& route) {
  const std::string scope(route.scope ? to_string(*route.scope) : "");
  const auto unauthorised = [&](unsigned status, const std::string& detail, const std::string& error) {
    ApiResponse response = problem(status, detail);
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"freshet\", scope=\"" + scope + "\"" + error);
    return response;
  };
  switch (decision.kind) {
    case AccessControl::Decision::allowed: return std::nullopt;
    case AccessControl::Decision::no_key:
      return unauthorised(401, "give an API key: Authorization: Bearer KEY, or X-API-Key: KEY", "");
    case AccessControl::Decision::unknown_key: return unauthorised(401, "no such API key", ", error=\"invalid_token\"");
    case AccessControl::Decision::wrong_scope:
      return unauthorised(403, "the key \"" + decision.caller + "\" has no scope \"" + scope + "\"",
                          ", error=\"insufficient_scope\"");
    case AccessControl::Decision::too_often: {
      ApiResponse response = problem(429, "the key \"" + decision.caller + "\" calls more often than it may");
      const auto wait = std::chrono::ceil<std::chrono::seconds>(decision.retry_after);
      response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
      return response;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::size_t> RouteRequest::number(const std::string& name, std::size_t low, std::size_t high,
                                         std::size_t fallback) const {
  const auto given = query.find(name);
  if (given == query.end()) return fallback;
  const std::string& text = given->second;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    return Error{Errc::invalid,
                 name + ": expected an integer from " + std::to_string(low) + " to " + std::to_string(high)};
  }
  return value;
}

Result<bool> RouteRequest::flag(const std::string& name) const {
  const auto given = query.find(name);
  if (given == query.end() || given->second == "false") return false;
  if (given->second == "true") return true;
  return Error{Errc::invalid, name + ": expected true or false"};
}

std::optional<std::string> RouteRequest::text(const std::string& name) const {
  const auto given = query.find(name);
  return given == query.end() ? std::nullopt : std::optional(given->second);
}

/// Counts and times the answers of one route.
class Router::RouteMetrics {
 public:
  RouteMetrics(Metrics& metrics, std::string route)
      : metrics_(metrics),
        route_(std::move(route)),
        seconds_(metrics.histogram("freshet_serve_request_seconds", "Time to answer, by route.",
                                   Metrics::latency_bounds(), {{"route", route_}})) {}

  const std::string& route() const { return route_; }

  void answered(unsigned status, std::chrono::steady_clock::duration took) const {
    seconds_.Observe(std::chrono::duration<double>(took).count());
    counter(status).Increment();
  }

 private:
  /// Looking a counter up costs as much as ranking a few candidates; nearly all answers are 200.
  Counter& counter(unsigned status) const {
    if (status != 200) return find(status);
    if (Counter* const known = ok_.load(std::memory_order_relaxed)) return *known;
    Counter& found = find(200);
    ok_.store(&found, std::memory_order_relaxed);
    return found;
  }

  Counter& find(unsigned status) const {
    return metrics_.counter("freshet_serve_requests_total", "Requests answered, by route and status.",
                            {{"route", route_}, {"status", std::to_string(status)}});
  }

  Metrics& metrics_;
  const std::string route_;
  Histogram& seconds_;
  mutable std::atomic<Counter*> ok_{nullptr};
};

struct Router::Entry {
  Route route;
  std::vector<std::string> pattern;  // segments of route.path
  RouteMetrics metrics;

  Entry(Route the_route, Metrics& registry)
      : route(std::move(the_route)),
        pattern(split_pattern(route.path)),
        metrics(registry, route.method + " " + route.path) {}
};

Router::Router(const AccessControl& access, const AuditLog& audit, Metrics& metrics)
    : access_(access), audit_(audit), metrics_(metrics), unmatched_(std::make_unique<RouteMetrics>(metrics, "none")) {}
Router::~Router() = default;

void Router::add(Route route) { entries_.push_back(std::make_unique<Entry>(std::move(route), metrics_)); }

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> routes;
  for (const auto& entry : entries_) routes.push_back(&entry->route);
  return routes;
}

/// `respond`, with what every answer is given and counted by. `subject` is audited; nullopt: the call is not.
Respond Router::finishing(const Call& call, const RouteMetrics& metrics, std::string caller,
                          std::optional<std::string> subject, Respond respond) const {
  struct Finish {
    Call call;
    const RouteMetrics& metrics;
    std::string caller;
    std::optional<std::string> subject;
    Respond respond;
  };
  const auto finish =
      std::make_shared<const Finish>(Finish{call, metrics, std::move(caller), std::move(subject), std::move(respond)});
  return [this, finish](ApiResponse response) {
    const auto& [id, start] = finish->call;
    const std::string& route = finish->metrics.route();
    if (finish->subject) audit_.record({id, finish->caller, route, *finish->subject, response.status});
    finish->metrics.answered(response.status, std::chrono::steady_clock::now() - start);
    log::debug("request", {{"request", id}, {"key", finish->caller}, {"call", route}, {"status", response.status}});
    if (response.status == 500) log::error("request failed", {{"request", id}, {"call", route}});
    response.headers.emplace_back("X-Request-Id", id);
    finish->respond(std::move(response));
  };
}

Router::Found Router::find(std::string_view method, const std::vector<std::string>& segments) const {
  if (method == "HEAD") method = "GET";
  Found found;
  for (const auto& entry : entries_) {
    if (!matches(entry->pattern, segments)) continue;
    if (entry->route.method == method) return {entry.get(), {}};
    found.allowed += (found.allowed.empty() ? "" : ", ") + entry->route.method;
  }
  return found;
}

bool Router::wants_body(const ApiRequest& request) const {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;
  if (!decode_target(request.target, segments, query)) return false;
  const Entry* entry = find(request.method, segments).entry;
  return entry != nullptr && takes_body(entry->route) &&
         access_.admits(entry->route.scope, request.authorization, request.x_api_key);
}

void Router::handle(const ApiRequest& request, Respond respond) const {
  const Call call{request_id(request.x_request_id), std::chrono::steady_clock::now()};
  const auto refuse = [&](ApiResponse response) {
    finishing(call, *unmatched_, "-", std::nullopt, std::move(respond))(std::move(response));
  };
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> given;
  if (const auto decoded = decode_target(request.target, segments, given); !decoded) {
    return refuse(problem(decoded.error()));
  }
  const auto [entry, allowed] = find(request.method, segments);
  if (entry == nullptr) {
    if (allowed.empty()) return refuse(problem(404, "no such endpoint; see /openapi.json"));
    ApiResponse refused = problem(405, "this endpoint takes " + allowed);
    refused.headers.emplace_back("Allow", allowed);
    return refuse(std::move(refused));
  }
  const Route& route = entry->route;
  RouteRequest matched{parameters(entry->pattern, segments), {}, request.body, request.executor};
  const auto decision = access_.decide(route.scope, request.authorization, request.x_api_key, call.start);
  // Who has no key, or calls too often, has done nothing, and could fill a disk with it.
  const bool audited = route.scope == Scope::admin && (decision.kind == AccessControl::Decision::allowed ||
                                                       decision.kind == AccessControl::Decision::wrong_scope);
  std::optional<std::string> subject;
  if (audited) subject = matched.path.empty() ? "" : matched.path.front();
  const Respond answer = finishing(call, entry->metrics, decision.caller, std::move(subject), std::move(respond));
  if (auto refused = refusal(decision, route)) return answer(*std::move(refused));
  if (request.shedding && route.sheddable) return answer(problem(503, "overloaded; try again"));
  if (const auto checked = check_path(matched.path); !checked) return answer(problem(checked.error()));
  if (const auto checked = check_query(route, given, matched.query); !checked) return answer(problem(checked.error()));
  route.handler(matched, answer);
}

}  // namespace freshet::serve
