#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/containers/quick_numbering.h"

namespace freshet::online {

/// Finds the sessions that share most with a query of a few items: the first of n weighs n, the last one 1, and a
/// session is as similar as what it shares weighs. Threads: one.
class NearestSessions {
 public:
  static constexpr std::size_t kMaxAsked = 9;

  struct Neighbor {
    std::uint32_t age = 0;     ///< by which they are told apart
    std::uint32_t shared = 0;  ///< bit i: the i-th item
  };

  /// The `wanted` nearest in no order, the youngest of those equally near; and last, if there are more, the next one.
  /// holders[i]: the ages of the sessions that hold the i-th item, distinct. Valid until the next call.
  /// REQUIRES: at most kMaxAsked items
  /// Cost:     linear in the holders.
  std::span<const Neighbor> find(std::span<const std::span<const std::uint32_t>> holders, std::size_t wanted);

  /// What sharing this weighs in the query of the last find(), in units of the first item's weight.
  float similarity(std::uint32_t shared) const {
    return static_cast<float>(weights_[shared]) / static_cast<float>(asked_);
  }

 private:
  static constexpr std::size_t kMaxWeight = kMaxAsked * (kMaxAsked + 1) / 2;

  void collect(std::span<const std::span<const std::uint32_t>> holders, std::size_t wanted);
  std::size_t least_weight(std::size_t wanted) const;

  std::size_t asked_ = 0;
  std::array<std::uint8_t, std::size_t{1} << kMaxAsked> weights_{};  // by what is shared
  QuickNumbering sessions_;                                          // by age
  std::vector<std::uint16_t> shared_;                                // by a session's number
  std::vector<Neighbor> nearest_, equal_;
};

}  // namespace freshet::online
