// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "online/part/options.h"

namespace freshet::cli {

/// The newest scored list of each session, with the ranks of the item that the session came to by it: what an action on
/// that item, a purchase of what is being looked at, is counted for.
/// Threads: one.
class SessionLists {
 public:
  using Ranks = std::vector<std::optional<std::size_t>>;

  /// `options` must live as long.
  explicit SessionLists(const online::Options& options) : options_(options) {}

  /// The event was scored, with these ranks of its item.
  void scored(const Event& event, const Ranks& ranks);

  /// The ranks for an event that was not scored; null if its session is not at its item by a list, or has had an event
  /// of this type there.
  const Ranks* of_unscored(const Event& event);

 private:
  struct List {
    std::string item;
    Timestamp time{};
    Ranks ranks;
    std::set<std::string> types;  // of the events on the item
  };

  bool is_action(const std::string& type) const;

  const online::Options& options_;
  std::unordered_map<std::string, List> lists_;  // by session
};

}  // namespace freshet::cli
