#include "app/listen_address.h"

#include <charconv>

namespace freshet::app {

bool apply_listen_address(const std::string& text, serve::Options& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc{} || rest != end) return false;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) return false;
  options.address = std::move(host);
  options.port = port;
  return true;
}

}  // namespace freshet::app
