// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "base/random.h"
#include "online/part/allowed_items.h"

namespace freshet::testing {

/// Allows the items whose entry is true.
class ChosenItems final : public online::AllowedItems {
 public:
  explicit ChosenItems(std::vector<bool> chosen) : chosen_(std::move(chosen)) {}
  /// Each of `items` items with this probability.
  ChosenItems(std::size_t items, double share, Random& random) : chosen_(items) {
    for (std::size_t item = 0; item < items; ++item) chosen_[item] = random.uniform() < share;
  }

  bool allows(online::ItemIndex item) const override { return chosen_[item]; }
  const std::vector<online::ItemIndex>* all() const override { return all_.empty() ? nullptr : &all_; }

  /// From now on all() tells them, unless there are none.
  void list_all() {
    for (online::ItemIndex item = 0; item < chosen_.size(); ++item) {
      if (chosen_[item]) all_.push_back(item);
    }
  }

 private:
  std::vector<online::ItemIndex> all_;
  std::vector<bool> chosen_;
};

}  // namespace freshet::testing
