// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/random_id.h"
#include "online/model/ranking.h"
#include "serve/recommend/list.h"

namespace freshet::serve {

/// Which lists explore, and by what chance.
struct ExplorationOptions {
  double share = 0;                                       ///< of the lists, 0 to 1
  std::function<std::uint64_t()> random = random_number;  ///< may be called concurrently
};

/// Puts an item that has had few clicks into some lists, so that it gets the chance of being clicked. It is one of those
/// that the part content finds most fitting: of its candidates that have had few clicks, that the list may have and does
/// not have by their rank, the upper quarter. All of these are equally likely.
/// Threads: all methods may be called concurrently.
/// Cost:    of a list that explores: the filters are asked about the part's candidates.
class Exploration {
 public:
  static constexpr std::size_t kFirstPlace = 4;  ///< from 1: what is most likely to be wanted stays
  static constexpr float kFewClicks = 10;        ///< so many are no longer few

  Exploration(ExplorationOptions options, Metrics& metrics);

  bool is_on() const { return options_.share > 0; }
  std::uint64_t new_seed() const { return options_.random(); }

  /// Puts such an item into the list by chance, at a random place from kFirstPlace on; the last item goes. `rows` are
  /// the list's in `ranking`; `seed` decides what comes by chance. `name_if_kept(row)`: the name of the item, empty if the list may not have it.
  void explore(std::uint64_t seed, online::Scorers scorers, const online::Ranking& ranking,
               const std::function<std::string(std::size_t row)>& name_if_kept, std::vector<std::size_t>& rows,
               List& list) const;

 private:
  const ExplorationOptions options_;
  Counter& explored_;
  Counter& without_;
};

}  // namespace freshet::serve
