// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/position.h"

namespace freshet {

/// The outcome of one request with events, or with changes of items.
struct Receipt {
  struct Rejected {
    std::size_t index = 0;  ///< of the event or item in the request, from 0
    std::string reason;
  };
  std::size_t accepted = 0;
  std::vector<Rejected> rejected;
  Positions positions;  ///< histories and catalogue contain what was accepted once their positions cover this
};

}  // namespace freshet
