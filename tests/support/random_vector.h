// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"

namespace freshet::testing {

/// Uniform in -1 ... 1.
inline std::vector<float> random_vector(Random& random, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
  return values;
}

}  // namespace freshet::testing
