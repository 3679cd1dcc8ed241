// SPDX-License-Identifier: Apache-2.0
#include "base/random_id.h"

#include <random>

#include "base/hex.h"

namespace freshet {

std::uint64_t random_number() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator();
}

std::string random_id() {
  const std::uint64_t number = random_number();
  return to_hex({reinterpret_cast<const char*>(&number), sizeof number});
}

}  // namespace freshet
