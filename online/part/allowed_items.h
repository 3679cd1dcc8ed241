// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "online/part/candidate.h"

namespace freshet::online {

/// The items that a list may have. Parts take their best items among these: what is not allowed takes nobody's place.
/// Threads: one: whoever makes the list.
class AllowedItems {
 public:
  virtual ~AllowedItems() = default;

  /// Cost: some nanoseconds, as a part may ask about tens of thousands of items.
  virtual bool allows(ItemIndex item) const = 0;

  /// All of them, if they are few and known; else null.
  virtual const std::vector<ItemIndex>* all() const { return nullptr; }
};

/// Removes what is not allowed. `allowed` null: everything is.
inline void keep_allowed(const AllowedItems* allowed, std::vector<Candidate>& candidates) {
  if (allowed == nullptr) return;
  std::erase_if(candidates, [allowed](const Candidate& candidate) { return !allowed->allows(candidate.item); });
}

}  // namespace freshet::online
