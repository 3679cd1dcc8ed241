// SPDX-License-Identifier: Apache-2.0
#include "base/keyed_hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "base/hex.h"

namespace freshet {
namespace {

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

KeyedHash::KeyedHash(std::string_view key) {
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  FRESHET_CHECK(algorithm != nullptr);
  EVP_MAC_CTX* state = EVP_MAC_CTX_new(algorithm);
  EVP_MAC_free(algorithm);  // the state has its own reference
  FRESHET_CHECK(state != nullptr);
  std::string digest = "SHA256";
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                              OSSL_PARAM_construct_end()};
  FRESHET_CHECK(EVP_MAC_init(state, bytes(key), key.size(), parameters.data()) == 1);
  state_ = std::shared_ptr<const void>(state, [state](const void*) { EVP_MAC_CTX_free(state); });
}

std::string KeyedHash::hex(std::string_view text, std::size_t digits) const {
  const std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)> state(
      EVP_MAC_CTX_dup(static_cast<const EVP_MAC_CTX*>(state_.get())), &EVP_MAC_CTX_free);
  std::array<unsigned char, 32> digest;
  std::size_t size = 0;
  FRESHET_CHECK(state != nullptr && EVP_MAC_update(state.get(), bytes(text), text.size()) == 1 &&
                EVP_MAC_final(state.get(), digest.data(), &size, digest.size()) == 1);
  return to_hex({reinterpret_cast<const char*>(digest.data()), size}).substr(0, digits);
}

}  // namespace freshet
