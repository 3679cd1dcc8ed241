// SPDX-License-Identifier: Apache-2.0
#include "app/listen_address.h"

#include <charconv>

namespace freshet::app {

std::string apply_listen_address(const std::string& text, serve::Options& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return "\"" + text + "\" has no port: expected HOST:PORT, such as localhost:8080";
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return "\"" + text + "\": an IPv6 address is written in brackets: [::1]:8080";
  }
  if (host.empty()) return "\"" + text + "\" has no host: expected HOST:PORT; all addresses of IPv4 are 0.0.0.0";
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc{} || rest != end) {
    return "\"" + text.substr(colon + 1) + "\" is not a port: expected 0 to 65535";
  }
  options.address = std::move(host);
  options.port = port;
  return {};
}

}  // namespace freshet::app
