// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "online/part/part_kind.h"

namespace freshet::testing {

/// Options of these parts, all on.
inline online::Options with_every_part(online::PartKinds kinds) {
  online::Options options(kinds);
  options.parts.clear();
  for (const online::PartKind* kind : kinds) options.parts.emplace_back(kind->name);
  return options;
}

}  // namespace freshet::testing
