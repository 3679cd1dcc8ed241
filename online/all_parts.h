// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "online/part/part_kind.h"

namespace freshet::online {

/// Every part there is, in feature order: the one list of parts.
PartKinds all_parts();

}  // namespace freshet::online
