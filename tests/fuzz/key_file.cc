// SPDX-License-Identifier: Apache-2.0
// The file of API keys. What is wrong with it is said without a word of it: a key may stand in the wrong place.

#include <sstream>
#include <string>

#include "serve/access/key_ring.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  constexpr std::size_t kSecret = 20;  // bytes of a word that could be one
  const std::string text(fuzz::to_view(data, size));
  const auto keys = serve::KeyRing::parse(text);
  if (keys) {
    FRESHET_CHECK((*keys)->find("nobody's") == nullptr);
    return 0;
  }
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    FRESHET_CHECK(word.size() < kSecret || keys.error().message.find(word) == std::string::npos);
  }
  return 0;
}
