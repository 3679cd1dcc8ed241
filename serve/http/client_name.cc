// SPDX-License-Identifier: Apache-2.0
#include "serve/http/client_name.h"

#include <string_view>

#include "base/hex.h"
#include "base/random.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kDigits = 5;

template <typename Bytes>
std::string name(const Bytes& bytes, std::size_t size) {
  const std::uint64_t hash = stable_hash({reinterpret_cast<const char*>(bytes.data()), size});
  return to_hex({reinterpret_cast<const char*>(&hash), sizeof hash}).substr(0, kDigits);
}

}  // namespace

std::string client_name(const boost::asio::ip::address& address) {
  namespace ip = boost::asio::ip;
  if (address.is_v4()) return name(address.to_v4().to_bytes(), 4);
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return client_name(ip::make_address_v4(ip::v4_mapped, v6));
  return name(v6.to_bytes(), 8);
}

}  // namespace freshet::serve
