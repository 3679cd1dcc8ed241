// SPDX-License-Identifier: Apache-2.0
#include "serve/access/access_control.h"

#include <algorithm>
#include <stdexcept>

#include "base/log.h"
#include "base/text_file.h"

namespace freshet::serve {
namespace {

Result<std::shared_ptr<const KeyRing>> read_keys(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text) return Error{Errc::invalid, "serve.keys_file: " + file + " " + text.error().message};
  auto keys = KeyRing::parse(*text);
  if (!keys) return Error{Errc::invalid, "serve.keys_file: " + file + ": " + keys.error().message};
  return keys;
}

/// From `Authorization: Bearer` (RFC 6750), otherwise from X-API-Key, even beside a proxy's `Authorization: Basic`.
std::string_view presented_key(std::string_view authorization, std::string_view x_api_key) {
  constexpr std::string_view kBearer = "bearer ";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
  if (authorization.size() > kBearer.size() &&
      std::ranges::equal(authorization.substr(0, kBearer.size()), kBearer, same)) {
    authorization.remove_prefix(std::min(authorization.find_first_not_of(' ', kBearer.size()), authorization.size()));
    return authorization;
  }
  return x_api_key;
}

}  // namespace

AccessControl::AccessControl(const std::string& keys_file, Metrics& metrics)
    : keys_file_(keys_file), metrics_(metrics) {
  if (const auto loaded = reload(); !loaded) throw std::runtime_error(loaded.error().message);
}

Result<void> AccessControl::reload() {
  if (keys_file_.empty()) return {};
  auto keys = read_keys(keys_file_);
  if (!keys) return keys.error();
  if ((*keys)->size() == 0)
    log::warn("the keys file has no keys: every request that needs one is refused", {{"file", keys_file_}});
  log::info("keys loaded", {{"file", keys_file_}, {"keys", (*keys)->size()}});
  keys_.store(*std::move(keys));
  return {};
}

AccessControl::Decision AccessControl::refused(Decision decision, const char* reason) const {
  metrics_
      .counter("freshet_serve_refused_requests_total",
               "Requests refused, by reason: no key, unknown key, missing scope, rate limit, limit of events.",
               {{"key", decision.caller.value_or("-")}, {"reason", reason}})
      .Increment();
  return decision;
}

AccessControl::Decision AccessControl::decide(const Endpoint& endpoint, std::string_view authorization,
                                              std::string_view x_api_key, TokenBucket::Clock::time_point now) const {
  if (!endpoint.scope || keys_file_.empty()) return {};
  const std::string_view presented = presented_key(authorization, x_api_key);
  if (presented.empty()) return refused({Decision::no_key}, "no_key");
  const auto keys = keys_.load();
  const ApiKey* key = keys->find(presented);
  if (key == nullptr) return refused({Decision::unknown_key}, "unknown_key");
  if (!key->scopes.contains(*endpoint.scope)) return refused({Decision::wrong_scope, key->name}, "scope");
  const bool counted = endpoint.counts_events && key->events;
  if (const auto wait = counted ? key->events->wait(now) : TokenBucket::Clock::duration(); wait > wait.zero()) {
    const auto next_request = key->requests ? key->requests->wait(now) : wait.zero();
    return refused({Decision::too_many_events, key->name, std::max(wait, next_request)}, "events");
  }
  if (key->requests) {
    const auto wait = key->requests->take(now);
    if (wait > wait.zero()) return refused({Decision::too_often, key->name, wait}, "rate");
  }
  metrics_.counter("freshet_serve_key_requests_total", "Requests allowed, by key.", {{"key", key->name}}).Increment();
  return {Decision::allowed, key->name, {}, counted ? std::shared_ptr<const ApiKey>(keys, key) : nullptr};
}

AccessControl::Decision AccessControl::charge(Decision allowed, std::uint64_t events,
                                              TokenBucket::Clock::time_point now) const {
  if (!allowed.charged) return allowed;
  const auto wait = allowed.charged->events->take(now, events);
  if (wait == wait.zero()) return allowed;
  return refused({Decision::too_many_events, allowed.caller, wait}, "events");
}

}  // namespace freshet::serve
