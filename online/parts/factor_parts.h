#pragma once

#include <memory>
#include <vector>

#include "online/part/options.h"
#include "online/part/part.h"

namespace freshet::online {

/// Those parts of Options::parts that rest on users' vectors, in feature order: matrix factorisation, and user-based
/// collaborative filtering, which compares the vectors that the former learns.
std::vector<std::unique_ptr<Part>> make_factor_parts(const Options& options);

}  // namespace freshet::online
