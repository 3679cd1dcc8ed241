#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace freshet::online {

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, fast, and its whole state is one word, so that a checkpoint
/// carries it. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// In [0, n). REQUIRES: n > 0
  std::uint64_t below(std::uint64_t n) { return static_cast<std::uint64_t>(uniform() * static_cast<double>(n)); }

  void save(ByteWriter& out) const { out.fixed(state_); }
  void load(ByteReader& in) { state_ = in.fixed<std::uint64_t>(); }

 private:
  std::uint64_t state_;
};

/// Mixes a 64-bit word into another that looks unrelated.
inline std::uint64_t mix(std::uint64_t word) { return Random(word).next(); }

}  // namespace freshet::online
