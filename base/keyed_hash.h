#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace freshet {

/// HMAC-SHA256 (RFC 2104) under one key: whoever has the key can tell which text a hash is of by trying, and nobody
/// else. Threads: all methods may be called concurrently. Copies share the key.
class KeyedHash {
 public:
  explicit KeyedHash(std::string_view key);

  /// The first `digits` (at most 64) of the hash in lower-case hexadecimal:
  /// `printf %s TEXT | openssl dgst -sha256 -hmac KEY -r | cut -c 1-DIGITS`. Cost: less than a microsecond.
  std::string hex(std::string_view text, std::size_t digits) const;

 private:
  std::shared_ptr<const void> state_;  // OpenSSL's, with the key taken in
};

}  // namespace freshet
