#include "base/random_id.h"

#include <random>

#include "base/hex.h"

namespace freshet {

std::string random_id() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  const auto number = generator();
  return to_hex({reinterpret_cast<const char*>(&number), sizeof number});
}

}  // namespace freshet
