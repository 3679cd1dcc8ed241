// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/router.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "base/check.h"
#include "base/log.h"
#include "base/suggestion.h"
#include "serve/routing/json.h"
#include "serve/routing/media_type.h"
#include "serve/routing/request_id.h"
#include "serve/routing/target.h"

namespace freshet::serve {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

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
std::vector<std::string> values_in_path(const std::vector<std::string>& pattern,
                                        const std::vector<std::string>& segments) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) values.push_back(segments[i]);
  }
  return values;
}

/// The texts of the query parameters in the order of `declared`, nullptr where the request does not give one.
Result<std::vector<const std::string*>> texts_of(std::span<const ParameterBase* const> declared,
                                                 const std::vector<std::pair<std::string, std::string>>& given,
                                                 bool ignore_unknown) {
  std::vector<const std::string*> texts(declared.size());
  for (const auto& [name, text] : given) {
    const auto parameter = std::ranges::find(declared, name, &ParameterBase::name);
    if (parameter == declared.end()) {
      if (ignore_unknown) continue;
      std::vector<std::string> names;
      for (const ParameterBase* known : declared) names.push_back(known->name);
      const std::string close = nearest(name, names);
      return Error{Errc::invalid, "unknown query parameter \"" + name + "\"" +
                                      (close.empty() ? "" : "; did you mean \"" + close + "\"?")};
    }
    const std::string*& slot = texts[static_cast<std::size_t>(parameter - declared.begin())];
    if (slot != nullptr) return Error{Errc::invalid, name + ": given twice"};
    slot = &text;
  }
  return texts;
}

/// The values of the route's parameters, in their order.
Result<std::vector<ParameterBase::Value>> decode(const Route& route, const std::vector<std::string>& path,
                                                 const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<ParameterBase::Value> values(route.parameters.size());
  const auto set = [&](std::size_t i, const std::string& text) -> Result<void> {
    auto value = route.parameters[i]->decode(text);
    if (!value) return value.error();
    values[i] = *std::move(value);
    return {};
  };
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (const auto done = set(i, path[i]); !done) return done.error();
  }
  const auto texts = texts_of(std::span(route.parameters).subspan(path.size()), query, route.any_query);
  if (!texts) return texts.error();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    if ((*texts)[i] == nullptr) continue;
    if (const auto done = set(path.size() + i, *(*texts)[i]); !done) return done.error();
  }
  return values;
}

/// The answer to a body that is not JSON by its type, or encoded in another way than gzip; nullopt if it is fine. What
/// a page may send to other sites unasked is not: forms, plain text, bytes without a type.
std::optional<ApiResponse> unsupported(const ApiRequest& request) {
  const bool from_browser = !request.origin.empty() || !request.sec_fetch_site.empty();
  if (!is_json_type(request.content_type) && (!request.content_type.empty() || from_browser)) {
    return problem(415, "the Content-Type of a body is application/json, another +json, or application/x-ndjson");
  }
  if (body_coding(request.content_encoding) != BodyCoding::other) return std::nullopt;
  ApiResponse response = problem(415, "the only Content-Encoding of a body is gzip");
  response.headers.emplace_back("Accept-Encoding", "gzip");
  return response;
}

/// The answer to OPTIONS.
ApiResponse allowing(std::string_view methods) {
  ApiResponse response;
  response.status = 204;
  response.headers.emplace_back("Allow", methods);
  return response;
}

/// The answer to a method that the path does not have; `allowed`: those that it has.
ApiResponse no_route(std::string_view method, const std::string& allowed) {
  if (allowed.empty()) return problem(404, "no such endpoint; see /openapi.json");
  if (method == "OPTIONS") return allowing(allowed + ", OPTIONS");
  ApiResponse response = problem(405, "this endpoint takes " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

/// The answer to a refused caller; nullopt if the caller is allowed.
std::optional<ApiResponse> refusal(const AccessControl::Decision& decision, const Route& route) {
  const std::string scope(route.scope ? to_string(*route.scope) : "");
  const auto unauthorized = [&](unsigned status, const std::string& detail, const std::string& error) {
    ApiResponse response = problem(status, detail);
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"freshet\", scope=\"" + scope + "\"" + error);
    return response;
  };
  switch (decision.kind) {
    case AccessControl::Decision::allowed: return std::nullopt;
    case AccessControl::Decision::no_key:
      return unauthorized(401, "give an API key: Authorization: Bearer KEY, or X-API-Key: KEY", "");
    case AccessControl::Decision::unknown_key: return unauthorized(401, "no such API key", ", error=\"invalid_token\"");
    case AccessControl::Decision::wrong_scope:
      return unauthorized(403, "the key \"" + decision.caller.value_or("") + "\" has no scope \"" + scope + "\"",
                          ", error=\"insufficient_scope\"");
    case AccessControl::Decision::too_often:
    case AccessControl::Decision::too_many_events: {
      const bool often = decision.kind == AccessControl::Decision::too_often;
      ApiResponse response =
          problem(429, "the key \"" + decision.caller.value_or("") + "\" " +
                           (often ? "calls more often than it may" : "sends more events than it may"));
      const auto wait = std::chrono::ceil<std::chrono::seconds>(decision.retry_after);
      response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
      return response;
    }
  }
  return std::nullopt;
}

/// Charges the caller for a body, or a piece of its lines. The answer if the key's events are used up.
std::optional<ApiResponse> charge(const AccessControl& access, const AccessControl::Decision& decision,
                                  const Route& route, std::string_view body, BodyForm form) {
  if (!decision.charged) return std::nullopt;
  return refusal(access.charge(decision, route.weigh(body, form), std::chrono::steady_clock::now()), route);
}

/// Charges each piece to the caller.
class ChargedLines final : public LineIntake {
 public:
  ChargedLines(const AccessControl& access, const AccessControl::Decision& decision, const Route& route,
               std::shared_ptr<LineIntake> lines)
      : access_(access), decision_(decision), route_(route), lines_(std::move(lines)) {}

  void take(std::string_view lines, Respond done) override {
    if (auto refused = charge(access_, decision_, route_, lines, BodyForm::lines)) return done(*std::move(refused));
    lines_->take(lines, std::move(done));
  }
  void reject_line(std::string reason) override { lines_->reject_line(std::move(reason)); }
  ApiResponse answer(std::optional<ApiResponse> stopped) override { return lines_->answer(std::move(stopped)); }

 private:
  const AccessControl& access_;
  const AccessControl::Decision& decision_;
  const Route& route_;
  const std::shared_ptr<LineIntake> lines_;
};

}  // namespace

struct Router::Entry {
  Route route;
  std::vector<std::string> pattern;  // segments of route.path
  RouteMetrics metrics;

  Entry(Route the_route, Metrics& registry)
      : route(std::move(the_route)),
        pattern(split_pattern(route.path)),
        metrics(registry, route.method + " " + route.path) {}
};

Router::Router(const AccessControl& access, const BrowserRules& browsers, const AuditLog& audit, Metrics& metrics)
    : access_(access),
      browsers_(browsers),
      audit_(audit),
      metrics_(metrics),
      unmatched_(std::make_unique<RouteMetrics>(metrics, "none")) {}
Router::~Router() = default;

void Router::add(Route route) {
  FRESHET_CHECK(!route.scope || !route.details);
  auto entry = std::make_unique<Entry>(std::move(route), metrics_);
  std::size_t next = 0;
  for (const std::string& segment : entry->pattern) {
    if (!is_parameter(segment)) continue;
    FRESHET_CHECK(next < entry->route.parameters.size());
    const ParameterBase& parameter = *entry->route.parameters[next++];
    FRESHET_CHECK(parameter.in == ParameterBase::In::path && segment == "{" + parameter.name + "}");
  }
  entries_.push_back(std::move(entry));
}

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> routes;
  for (const auto& entry : entries_) routes.push_back(&entry->route);
  return routes;
}

/// `respond`, after adding the request id, counting, timing and logging. Audits the call, unless `subject` is nullopt.
Respond Router::finishing(Call call, const RouteMetrics& metrics, const std::optional<std::string>& caller,
                          std::optional<std::string> subject, Respond respond) const {
  struct Finish {
    Call call;
    const RouteMetrics& metrics;
    std::string caller;
    std::optional<std::string> subject;
    Respond respond;
  };
  const auto finish = std::make_shared<const Finish>(
      Finish{std::move(call), metrics, caller.value_or("-"), std::move(subject), std::move(respond)});
  return [this, finish](ApiResponse response) {
    const auto& [id, start, headers] = finish->call;
    const std::string& route = finish->metrics.route();
    if (finish->subject) audit_.record({id, finish->caller, route, *finish->subject, response.status});
    finish->metrics.answered(response.status, std::chrono::steady_clock::now() - start);
    log::debug("request", {{"request", id}, {"key", finish->caller}, {"call", route}, {"status", response.status}});
    if (response.status == 500) {
      log::error("request failed", {{"request", id}, {"call", route}, {"answer", response.body}});
    }
    response.headers.emplace_back("X-Request-Id", id);
    response.headers.insert(response.headers.end(), headers.begin(), headers.end());
    finish->respond(std::move(response));
  };
}

/// nullptr if there is none; `allowed` then names the methods that the path has.
const Router::Entry* Router::find(std::string_view method, const std::vector<std::string>& segments,
                                  std::string& allowed) const {
  if (method == "HEAD") method = "GET";
  for (const auto& entry : entries_) {
    if (!matches(entry->pattern, segments)) continue;
    if (entry->route.method == method) return entry.get();
    allowed += (allowed.empty() ? "" : ", ") + entry->route.method;
    if (entry->route.method == "GET") allowed += ", HEAD";
  }
  return nullptr;
}

/// What lets pages of serve.cors_origins read the answers of endpoints that take events, and of no others: a key in a
/// page is everybody's. `entry`: what is called, or asked for in advance by OPTIONS.
std::vector<Header> Router::cors(const ApiRequest& request, const Entry* entry) const {
  if (!browsers_.has_origins() || entry == nullptr || entry->route.scope != Scope::write) return {};
  std::vector<Header> headers{{"Vary", "Origin"}};
  if (!browsers_.allows(request.origin)) return headers;
  headers.emplace_back("Access-Control-Allow-Origin", request.origin);
  if (request.method == "OPTIONS") {
    headers.emplace_back("Access-Control-Allow-Methods", entry->route.method);
    headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key, X-Request-Id");
    headers.emplace_back("Access-Control-Max-Age", "600");
  } else {
    headers.emplace_back("Access-Control-Expose-Headers", "Retry-After, X-Request-Id");
  }
  return headers;
}

bool Router::Match::wants_body() const { return !settled_ && entry_->route.body; }

std::size_t Router::Match::max_body_bytes() const { return entry_->route.body->max_bytes; }

std::size_t Router::Match::max_lines() const { return max_lines_; }

bool Router::Match::may_be_lines() const {
  return entry_ != nullptr && entry_->route.body && entry_->route.body->lines;
}

bool Router::Match::is_read() const { return entry_ != nullptr && entry_->route.scope == Scope::read; }

void Router::Match::settle(ApiResponse answer) { settled_ = std::move(answer); }

Router::Match Router::match(const ApiRequest& request) const {
  Match match;
  if (request.target == "*" && request.method == "OPTIONS") {
    match.settled_ = allowing(kMethods);
    return match;
  }
  auto target = parse_target(request.target);
  if (!target) {
    match.settled_ = problem(target.error());
    return match;
  }
  const std::string_view host = target->authority.empty() ? request.host : target->authority;
  if (auto refused = browsers_.refusal({request.method, host, request.origin, request.sec_fetch_site})) {
    match.settled_ = problem(refused->status, refused->reason);
    return match;
  }
  std::string allowed, others;
  match.entry_ = find(request.method, target->segments, allowed);
  match.cors_ =
      cors(request, request.method == "OPTIONS" ? find(request.access_control_request_method, target->segments, others)
                                                : match.entry_);
  if (match.entry_ == nullptr) {
    match.settled_ = no_route(request.method, allowed);
    return match;
  }
  const Route& route = match.entry_->route;
  match.path_ = values_in_path(match.entry_->pattern, target->segments);
  match.query_ = std::move(target->query);
  // An open endpoint asks for a key only to tell its holder more, and refuses nobody.
  auto decision = access_.decide({route.details ? route.details : route.scope, static_cast<bool>(route.weigh)},
                                 request.authorization, request.x_api_key, std::chrono::steady_clock::now());
  match.detailed_ = route.details && decision.kind == AccessControl::Decision::allowed;
  if (!route.details) match.decision_ = std::move(decision);
  match.settled_ = refusal(match.decision_, route);
  if (!match.settled_ && route.body) match.settled_ = unsupported(request);
  if (match.wants_body() && route.body->lines && is_ndjson_type(request.content_type) &&
      body_coding(request.content_encoding) == BodyCoding::identity) {
    match.max_lines_ = route.body->lines->most;
  }
  return match;
}

std::shared_ptr<LineIntake> Router::take_lines(Match& match, const ApiRequest& request) const {
  const Route& route = match.entry_->route;
  auto values = decode(route, match.path_, match.query_);
  if (!values) {
    match.settle(problem(values.error()));
    return nullptr;
  }
  const RouteRequest matched(route, *std::move(values), request, match.decision_.caller, match.detailed_);
  return std::make_shared<ChargedLines>(access_, match.decision_, route, route.body->lines->open(matched));
}

void Router::handle(Match match, const ApiRequest& request, Respond respond) const {
  Call call{request_id(request.x_request_id), std::chrono::steady_clock::now(), std::move(match.cors_)};
  if (match.entry_ == nullptr) {
    return finishing(std::move(call), *unmatched_, std::nullopt, std::nullopt,
                     std::move(respond))(*std::move(match.settled_));
  }
  const Route& route = match.entry_->route;
  const AccessControl::Decision& decision = match.decision_;
  // Callers without a key, or over their rate, have done nothing, and could fill a disk with audit lines.
  const bool audited = route.scope == Scope::admin && (decision.kind == AccessControl::Decision::allowed ||
                                                       decision.kind == AccessControl::Decision::wrong_scope);
  std::optional<std::string> subject;
  if (audited) subject = match.path_.empty() ? "" : match.path_.front();
  const Respond answer =
      finishing(std::move(call), match.entry_->metrics, decision.caller, std::move(subject), std::move(respond));
  if (match.settled_) return answer(*std::move(match.settled_));
  if (request.shedding && route.sheddable) return answer(problem(503, "overloaded; try again"));
  auto values = decode(route, match.path_, match.query_);
  if (!values) return answer(problem(values.error()));
  if (auto refused = charge(access_, decision, route, request.body, BodyForm::any)) return answer(*std::move(refused));
  route.handler(RouteRequest(route, *std::move(values), request, decision.caller, match.detailed_), answer);
}

}  // namespace freshet::serve
