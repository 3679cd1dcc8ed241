// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "base/options.h"

namespace freshet::store {

/// [served]: the lists that users and sessions were shown. What each option means and takes: served_options.cc.
struct ServedOptions {
  double share = 1;
  std::chrono::hours max_age{24 * 30};
  std::size_t max_lists_per_owner = 100;

  static std::vector<Option<ServedOptions>> describe();
  OptionProblems validate() const { return check(describe(), *this); }
};

}  // namespace freshet::store
