// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/options.h"

namespace freshet::serve {

/// Which requests of web pages are answered.
///
/// A page of any site can make the browser that shows it send requests to this machine. With API keys those lack one.
/// Without keys, whoever reaches the service may call everything, and a browser on the same machine does; so requests
/// are refused that a page of another site may have caused:
/// - for a host that is not this service: a name that an attacker's DNS server points here is the page's own (DNS
///   rebinding);
/// - with a foreign Origin, or that change something and that the browser marks as from another site.
///
/// Pages of `serve.cors_origins` may read the answers of endpoints that take events, with a key (CORS).
/// Threads: immutable.
class BrowserRules {
 public:
  explicit BrowserRules(const Options& options);

  /// Fields of a request, empty if absent. Programs other than browsers send no Origin and no Sec-Fetch-Site.
  struct Sender {
    std::string_view method;
    std::string_view host;
    std::string_view origin;
    std::string_view fetch_site;
  };

  struct Refusal {
    unsigned status;
    std::string reason;
  };

  /// nullopt: the request may be answered.
  std::optional<Refusal> refusal(const Sender& sender) const;

  /// True if there are origins whose pages may read answers.
  bool has_origins() const { return !origins_.empty(); }
  bool allows(std::string_view origin) const;

 private:
  bool is_own(std::string_view host) const;

  const bool has_keys_;
  const std::string address_;
  const std::vector<std::string> hosts_, origins_;
};

}  // namespace freshet::serve
