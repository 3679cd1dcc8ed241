#pragma once

#include <memory>

#include "online/part.h"

namespace freshet::online {

/// "recurrence": going back to what this session has already seen. Learns nothing by itself; its features tell the blender
/// how far back, how often and how long ago, and how long the session is.
/// Cost:  O(session).
std::unique_ptr<Part> make_recurrence();

}  // namespace freshet::online
