// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace freshet::testing {

/// FRESHET_TEST_SEED, or `fallback` if it is not set. Printed, so that a failure can be reproduced.
inline std::uint64_t test_seed(std::uint64_t fallback) {
  const char* text = std::getenv("FRESHET_TEST_SEED");
  const std::uint64_t seed = text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
  std::printf("FRESHET_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace freshet::testing
