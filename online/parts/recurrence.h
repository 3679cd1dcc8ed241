// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "online/part/part_kind.h"

namespace freshet::online {

/// "recurrence": people return to items that they have just looked at. Proposes the session's own earlier items, newest
/// first. It uses the Context only, so it has nothing to learn, save or lock.
std::unique_ptr<Part> make_recurrence();

extern const PartKind kRecurrence;

}  // namespace freshet::online
