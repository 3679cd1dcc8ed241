#pragma once

#include <memory>
#include <vector>

#include "online/part/options.h"
#include "online/part/part.h"

namespace freshet::online {

/// Every part that Options::parts names, in feature order. The one list of parts: serving, replaying and evaluating
/// agree.
std::vector<std::unique_ptr<Part>> make_parts(const Options& options);

}  // namespace freshet::online
