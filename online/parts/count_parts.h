#pragma once

#include <memory>
#include <vector>

#include "online/part/options.h"
#include "online/part/part.h"

namespace freshet::online {

/// Those parts of Options::parts that count instead of computing gradients, in feature order: popularity,
/// co-visitation, session kNN, recurrence.
std::vector<std::unique_ptr<Part>> make_count_parts(const Options& options);

}  // namespace freshet::online
