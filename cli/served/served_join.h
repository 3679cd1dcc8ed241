// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "store/served_lists.h"

namespace freshet::cli {

/// An event's place in a list that it follows from. Of two, the greater is the better one: it is named by the event, or
/// newer.
struct ListMatch {
  bool named = false;
  Timestamp time{};
  Position position;
  std::size_t list = 0;   ///< in ListsOfOwner::lists()
  std::size_t entry = 0;  ///< in the list

  bool is_better_than(const ListMatch& other) const;
};

/// The lists of one owner, ready to be searched for those that events follow from.
/// Threads: one.
class ListsOfOwner {
 public:
  explicit ListsOfOwner(std::vector<store::StoredList> lists);
  ListsOfOwner(const ListsOfOwner&) = delete;
  ListsOfOwner& operator=(const ListsOfOwner&) = delete;

  const std::vector<store::StoredList>& lists() const { return lists_; }

  /// The list that the event follows from: the one that Event::request names and that has its item, else the newest one with
  /// its item that was served at most `window` before it. Nullopt if there is none.
  std::optional<ListMatch> match(const Event& event, std::chrono::milliseconds window) const;

 private:
  struct Place {
    std::size_t list;
    std::size_t entry;
  };
  ListMatch match_at(const Place& place, bool named) const;

  const std::vector<store::StoredList> lists_;
  std::unordered_map<std::string_view, std::vector<Place>> of_item_;
};

/// By list and entry: how many events of each type followed.
using Actions = std::vector<std::vector<std::map<std::string, std::size_t>>>;

/// Actions without any, for these lists.
Actions no_actions(const ListsOfOwner& lists);

/// The list as one line of the format that `freshet ope` reads (docs/off_policy.md), without the line break.
std::string served_line(const Owner& owner, const store::StoredList& stored,
                        const std::vector<std::map<std::string, std::size_t>>& actions);

}  // namespace freshet::cli
