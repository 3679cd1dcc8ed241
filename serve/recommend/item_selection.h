// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "online/part/allowed_items.h"

namespace freshet::serve {

/// The items that a request is limited to, such as those of one brand. allows() is about an item that the model knows,
/// and may be wrong about one whose number has gone to another item since; contains() is always right.
/// Threads: as AllowedItems.
class ItemSelection : public online::AllowedItems {
 public:
  virtual bool contains(std::string_view item) const = 0;

  /// True if it was to do more work than it may. Then the list that was made with it is of no use.
  virtual bool is_used_up() const = 0;

  /// What estimate() is if items that are not in the catalogue may be in it.
  static constexpr std::size_t kNotOnlyCatalogue = std::numeric_limits<std::size_t>::max();

  /// At most so many items are in it.
  /// Cost: far less than to visit them.
  virtual std::size_t estimate() const = 0;

  /// Visits every item in it that is in the catalogue once, until `visit` returns false.
  /// Cost: in proportion to their number.
  virtual void enumerate(const std::function<bool(std::string_view item)>& visit) const = 0;

  /// Why it may have no items, if that looks like a mistake.
  virtual std::vector<std::string> doubts() const { return {}; }
};

}  // namespace freshet::serve
