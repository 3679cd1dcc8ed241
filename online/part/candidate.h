// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "online/part/context.h"

namespace freshet::online {

/// An item that is proposed, and its score; higher is better.
struct Candidate {
  ItemIndex item = kNoItem;
  float score = 0.0F;
};

}  // namespace freshet::online
