// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/containers/quick_numbering.h"
#include "online/part/context.h"

namespace freshet::online {

/// Sums of votes for items. Made to be cleared and filled again for every ranking.
/// Threads: one.
class VoteTable {
 public:
  /// Four sums in one vector register.
  typedef float Sums __attribute__((vector_size(4 * sizeof(float))));

  struct Vote {
    Sums sums{};
    std::uint32_t voters = 0;
    std::uint32_t last_voter = UINT32_MAX;
    ItemIndex item = kNoItem;
  };

  /// Removes all votes, and makes room for `most_votes` calls of add().
  void start(std::size_t most_votes) {
    numbers_.start(most_votes);
    if (votes_.size() < most_votes + 2) votes_.resize(most_votes + 2);
  }

  /// Counts the first vote of each voter for an item. REQUIRES: one voter's votes are added one after another
  void add(ItemIndex item, std::uint32_t voter, const Sums& sums) {
    votes_[numbers_.size() + 1] = {.item = item};  // used if the item is new
    Vote& vote = votes_[numbers_.insert(item)];
    const std::uint32_t counts = vote.last_voter != voter ? 1 : 0;
    vote.last_voter = voter;
    vote.voters += counts;
    vote.sums += sums * static_cast<float>(counts);
  }

  /// Discards the item's votes; the item stays in votes(), with no voters.
  void drop(ItemIndex item) {
    if (const std::uint32_t number = numbers_.find(item)) votes_[number] = {.item = item};
  }

  /// Null if the item got no votes.
  const Vote* find(ItemIndex item) const {
    const std::uint32_t number = numbers_.find(item);
    return number == 0 ? nullptr : &votes_[number];
  }

  std::span<const Vote> votes() const { return {votes_.data() + 1, numbers_.size()}; }

 private:
  QuickNumbering numbers_;
  std::vector<Vote> votes_{2};  // by number
};

}  // namespace freshet::online
