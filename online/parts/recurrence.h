#pragma once

#include <memory>

#include "online/part/part_kind.h"

namespace freshet::online {

/// "recurrence": people come back to what they just looked at. Proposes the session's own earlier items, newest first;
/// knows nothing beyond the Context, so there is nothing to learn, save or lock.
std::unique_ptr<Part> make_recurrence();

extern const PartKind kRecurrence;

}  // namespace freshet::online
