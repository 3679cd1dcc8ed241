// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <array>

namespace freshet {

std::optional<Utf8Character> first_character(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return Utf8Character{first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC0 || first >= 0xF8 || text.size() < bytes) return std::nullopt;
  char32_t code = first & (0x7FU >> bytes);
  for (const char next : text.substr(1, bytes - 1)) {
    if ((static_cast<unsigned char>(next) & 0xC0U) != 0x80) return std::nullopt;
    code = code << 6 | (static_cast<unsigned char>(next) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};  // fewer bytes would do
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < kLeast[bytes] || surrogate || code > 0x10FFFF) return std::nullopt;
  return Utf8Character{code, bytes};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character) return false;
    text.remove_prefix(character->bytes);
  }
  return true;
}

}  // namespace freshet
