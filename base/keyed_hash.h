// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace freshet {

/// HMAC-SHA256 (RFC 2104) with one key. Only a holder of the key can find out, by trying texts, which text a hash is of.
/// Threads: all methods may be called concurrently.
/// Owns:    the key; copies share it.
/// Cost:    hex() takes less than a microsecond.
class KeyedHash {
 public:
  explicit KeyedHash(std::string_view key);

  /// The first `digits` (at most 64) of the hash in lower-case hexadecimal:
  /// `printf %s TEXT | openssl dgst -sha256 -hmac KEY -r | cut -c 1-DIGITS`.
  std::string hex(std::string_view text, std::size_t digits) const;

 private:
  std::shared_ptr<const void> state_;  // OpenSSL's EVP_MAC_CTX, initialized with the key
};

}  // namespace freshet
