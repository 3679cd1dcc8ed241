// SPDX-License-Identifier: Apache-2.0
#include "serve/access/browser_rules.h"

#include <algorithm>
#include <boost/url/grammar/ci_string.hpp>
#include <set>

namespace freshet::serve {
namespace {

bool same(std::string_view a, std::string_view b) { return boost::urls::grammar::ci_is_equal(a, b); }

/// "localhost:8080" to "localhost", "[::1]:8080" to "::1".
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return std::string(host.substr(0, host.find(':')));
}

/// "http://localhost:8080" to "localhost:8080". A proxy may speak HTTPS in front of a service that does not, so schemes
/// are not compared.
std::string_view authority_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

bool changes_something(std::string_view method) {
  static const std::set<std::string_view> kSafe{"GET", "HEAD", "OPTIONS"};
  return !kSafe.contains(method);
}

}  // namespace

BrowserRules::BrowserRules(const Options& options)
    : has_keys_(!options.keys_file.empty()),
      address_(options.address),
      hosts_(options.hosts),
      origins_(options.cors_origins) {}

bool BrowserRules::allows(std::string_view origin) const {
  return std::ranges::find(origins_, origin) != origins_.end();
}

bool BrowserRules::is_own(std::string_view host) const {
  const std::string name = name_of(host);
  if (is_loopback(name) || same(name, address_)) return true;
  // An address of this machine; no DNS server can make one of another site's pages have it as its own.
  if ((address_ == "0.0.0.0" || address_ == "::") && is_address(name)) return true;
  return std::ranges::any_of(hosts_, [&](const std::string& own) { return same(own, name); });
}

std::optional<BrowserRules::Refusal> BrowserRules::refusal(const Sender& sender) const {
  if (has_keys_) return std::nullopt;
  // Browsers always send a Host.
  if (!sender.host.empty() && !is_own(sender.host)) {
    return Refusal{421, "without API keys only requests for loopback and the listen address are answered, not for \"" +
                            std::string(sender.host) + "\"; see serve.hosts and serve.keys_file"};
  }
  const std::string_view page = authority_of(sender.origin);
  if (!sender.origin.empty() && (page.empty() || !same(page, sender.host))) {
    return Refusal{403, "without API keys requests from pages of other origins are refused; see serve.cors_origins"};
  }
  if (changes_something(sender.method) && (sender.fetch_site == "cross-site" || sender.fetch_site == "same-site")) {
    return Refusal{403, "without API keys requests from pages of other sites are refused; see serve.cors_origins"};
  }
  return std::nullopt;
}

}  // namespace freshet::serve
