// SPDX-License-Identifier: Apache-2.0
#include <limits>

int main(int argc, char**) {
  // Volatile, or the compiler works the sum out and nothing is left to catch.
  volatile int sum = std::numeric_limits<int>::max();
  sum = sum + argc;
}
