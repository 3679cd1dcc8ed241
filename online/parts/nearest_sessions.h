// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/containers/quick_numbering.h"

namespace freshet::online {

/// Finds the sessions most similar to a query of a few items. Of n items the first weighs n and the last 1; a session's
/// similarity is the weight of the items that it shares.
/// Threads: one.
class NearestSessions {
 public:
  static constexpr std::size_t kMaxAsked = 9;

  struct Neighbor {
    std::uint32_t age = 0;     ///< identifies the session
    std::uint32_t shared = 0;  ///< bit i: it holds the i-th item
  };

  /// The `wanted` nearest sessions in no order, and last, if there are more, the next nearest one. Of equally near
  /// sessions the youngest come first. holders[i]: distinct ages of the sessions that hold the i-th item. The result is
  /// valid until the next call.
  /// REQUIRES: at most kMaxAsked items
  /// Cost:     linear in the holders.
  std::span<const Neighbor> find(std::span<const std::span<const std::uint32_t>> holders, std::size_t wanted);

  /// The weight of the shared items in the query of the last find(), in units of the first item's weight.
  float similarity(std::uint32_t shared) const {
    return static_cast<float>(weights_[shared]) / static_cast<float>(asked_);
  }

 private:
  static constexpr std::size_t kMaxWeight = kMaxAsked * (kMaxAsked + 1) / 2;

  void collect(std::span<const std::span<const std::uint32_t>> holders, std::size_t wanted);
  std::size_t least_weight(std::size_t wanted) const;

  std::size_t asked_ = 0;
  std::array<std::uint8_t, std::size_t{1} << kMaxAsked> weights_{};  // by Neighbor::shared
  QuickNumbering sessions_;                                          // by age
  std::vector<std::uint16_t> shared_;                                // by a session's number
  std::vector<Neighbor> nearest_, equal_;
};

}  // namespace freshet::online
