// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/folded_text.h"

#include <cstdint>

namespace freshet::store {
namespace {

bool between(std::uint32_t code, std::uint32_t first, std::uint32_t last) { return code >= first && code <= last; }

/// The lower case of a character of two UTF-8 bytes, which has two bytes as well.
std::uint32_t lower(std::uint32_t code) {
  if (between(code, 0xC0, 0xDE) && code != 0xD7) return code + 0x20;                    // À to Þ without ×
  if (between(code, 0x100, 0x137) && code != 0x130 && code != 0x131) return code | 1U;  // Ā to ķ, in pairs
  if (between(code, 0x139, 0x148)) return code + (code & 1U);                           // Ĺ to ň
  if (between(code, 0x14A, 0x177)) return code | 1U;                                    // Ŋ to ŷ
  if (code == 0x178) return 0xFF;                                                       // Ÿ
  if (between(code, 0x179, 0x17E)) return code + (code & 1U);                           // Ź to ž
  if (between(code, 0x391, 0x3AB) && code != 0x3A2) return code + 0x20;                 // Α to Ϋ
  if (between(code, 0x410, 0x42F)) return code + 0x20;                                  // А to Я
  if (between(code, 0x400, 0x40F)) return code + 0x50;                                  // Ѐ to Џ
  return code;
}

}  // namespace

void fold_text(std::string_view text, std::string& out) {
  out.assign(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out[i] = static_cast<char>(byte + ('a' - 'A'));
    } else if (byte >= 0xC3 && byte <= 0xD1 && i + 1 < out.size()) {
      const auto next = static_cast<unsigned char>(out[i + 1]);
      if ((next & 0xC0U) != 0x80U) continue;
      const std::uint32_t code = lower(((byte & 0x1FU) << 6U) | (next & 0x3FU));
      out[i] = static_cast<char>(0xC0U | (code >> 6U));
      out[++i] = static_cast<char>(0x80U | (code & 0x3FU));
    }
  }
}

std::string folded(std::string_view text) {
  std::string out;
  fold_text(text, out);
  return out;
}

}  // namespace freshet::store
