// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace freshet {

/// What tokens, metrics and answers call a partition of the log: its number, or "s" for kStatePartition.
std::string partition_name(std::int32_t partition);

}  // namespace freshet
