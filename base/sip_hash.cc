// SPDX-License-Identifier: Apache-2.0
#include "base/sip_hash.h"

#include <bit>
#include <cstring>

#include "base/random_bytes.h"

namespace freshet {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read in the machine's byte order");

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

SipKey random_sip_key() {
  SipKey key;
  std::memcpy(&key, random_bytes(sizeof key).data(), sizeof key);
  return key;
}

std::uint64_t sip_hash(const SipKey& key, std::uint64_t domain, std::string_view text) {
  State state{key.first ^ 0x736F6D6570736575, key.second ^ 0x646F72616E646F6D, key.first ^ 0x6C7967656E657261,
              key.second ^ 0x7465646279746573};
  state.absorb(domain);
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    state.absorb(word);
  }
  std::uint64_t last = (sizeof domain + text.size()) << 56;
  for (std::size_t at = whole; at < text.size(); ++at) {
    last |= std::uint64_t{static_cast<unsigned char>(text[at])} << (8 * (at - whole));
  }
  state.absorb(last);
  state.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::size_t TextHash::operator()(std::string_view text) const {
  static const SipKey key = random_sip_key();
  return sip_hash(key, 0, text);
}

}  // namespace freshet
