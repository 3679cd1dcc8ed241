#include "serve/options.h"

#include <arpa/inet.h>

namespace freshet::serve {
namespace {

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return address == "::1";
}

bool is_address(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, address.c_str(), &v4) == 1 || inet_pton(AF_INET6, address.c_str(), &v6) == 1;
}

}  // namespace

bool Options::is_public() const { return !is_loopback(address); }

std::vector<std::string> Options::validate() const {
  std::vector<std::string> problems;
  if (!is_address(address)) {
    problems.push_back("serve.address: \"" + address + "\" is not an IPv4 or IPv6 address");
  } else if (is_public() && keys_file.empty() && !allow_public) {
    problems.push_back(
        "serve.address: " + address +
        " is reachable by others and there are no keys; set serve.keys_file (see `freshet keys new`), or "
        "serve.allow_public = true if every caller may do everything");
  }
  if (tls.certificate.empty() != tls.key.empty()) {
    problems.push_back(tls.key.empty() ? "serve.tls.key: serve.tls.certificate needs it"
                                       : "serve.tls.certificate: serve.tls.key needs it");
  }
  if (default_k > max_k) problems.emplace_back("serve.default_k: must not exceed serve.max_k");
  return problems;
}

}  // namespace freshet::serve
