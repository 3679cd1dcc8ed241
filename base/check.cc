// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace freshet {

void check_failed(std::string_view condition, std::string_view file, int line) {
  std::fprintf(stderr, "freshet: bug: %.*s is false at %.*s:%d\n", static_cast<int>(condition.size()), condition.data(),
               static_cast<int>(file.size()), file.data(), line);
  std::abort();
}

}  // namespace freshet
