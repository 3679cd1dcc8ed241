// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace freshet::store {

/// Which links from a user to a session (Family::sessions) have been written lately, so that not every event writes one.
/// It forgets: a link may be written again, which changes nothing.
/// Threads: one at a time.
/// Cost:    O(1); 1 MiB.
class LinkedSessions {
 public:
  /// True if the link must be written: it is not known to be there, or is so old that it might expire before its events.
  bool wants(std::string_view user, std::string_view session, Timestamp time) const;

  /// The link has been written.
  void add(std::string_view user, std::string_view session, Timestamp time);

  /// Links have been deleted.
  void clear();

 private:
  struct Slot {
    std::uint64_t pair = 0;  // hash of user and session; 0: free
    Timestamp time{};        // of the link
  };
  static std::uint64_t hash(std::string_view user, std::string_view session);

  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << 16);
};

/// How much older than its events a link may be.
inline constexpr std::chrono::hours kLinkSlack{24};

}  // namespace freshet::store
