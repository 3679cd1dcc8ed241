// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace freshet {

/// One step of splitmix64: a bijection of 64-bit numbers that looks random. Also a good hash finalizer.
inline std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// FNV-1a, finalized by mix64. The same in every run, version and machine: checkpoints contain such hashes.
inline std::uint64_t stable_hash(std::string_view text, std::uint64_t salt = 0) {
  std::uint64_t hash = 0xCBF29CE484222325ULL + salt;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return mix64(hash);
}

/// xoshiro256++ (Blackman and Vigna): fast, with 32 bytes of state that checkpoints contain, so that a restarted learner
/// draws the same numbers. Not for secrets.
/// Threads: one.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) word = mix64(seed += 0x9E3779B97F4A7C15);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// In [0, 1), 53 random bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// In [0, n), by Lemire's multiplication (bias less than n / 2^64).
  /// REQUIRES: n > 0
  std::uint64_t below(std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }

  void save(ByteWriter& out) const {
    for (const auto word : state_) out.fixed(word);
  }
  void load(ByteReader& in) {
    for (auto& word : state_) word = in.fixed<std::uint64_t>();
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace freshet
