// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <thread>

int main() {
  std::string shared = "shared by both, so long that it lies on the heap";
  std::thread other([&] { shared.replace(0, 6, "SHARED"); });
  const std::string copy = shared;
  other.join();
  return copy.empty() ? 1 : 0;
}
