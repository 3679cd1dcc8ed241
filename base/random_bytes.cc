// SPDX-License-Identifier: Apache-2.0
#include "base/random_bytes.h"

#include <sys/random.h>

#include "base/check.h"

namespace freshet {

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  // So few bytes come whole, and no signal interrupts the call.
  FRESHET_CHECK(size <= 256 && getrandom(bytes.data(), size, 0) == static_cast<ssize_t>(size));
  return bytes;
}

}  // namespace freshet
