// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "online/part/context.h"

namespace freshet::online {

/// All items that a part has counted, the most popular first. The Scorer of a part that orders them implements it.
/// Threads: any.
class ItemOrder {
 public:
  /// A place between two items, wherever they move. The default is in front of all.
  struct Place {
    double score = std::numeric_limits<double>::infinity();
    ItemIndex item = 0;
  };

  virtual ~ItemOrder() = default;

  /// Appends the places of the next `count` items after `place`, and moves `place` behind them. Appends none at the end.
  /// An item that moves to the front meanwhile may be passed over.
  virtual void next(Place& place, std::size_t count, std::vector<Place>& out) const = 0;
};

}  // namespace freshet::online
