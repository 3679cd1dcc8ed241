// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

namespace freshet {

std::optional<std::uint32_t> base64_digit(char c) {
  const auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(c));
  if (c >= 'A' && c <= 'Z') return code - 'A';
  if (c >= 'a' && c <= 'z') return code - 'a' + 26;
  if (c >= '0' && c <= '9') return code - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? std::optional(63U) : std::nullopt;
}

std::string to_base64url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve(bytes.size() * 4 / 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63];
  }
  if (count > 0) text += kDigits[bits << (6 - count) & 63];
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 == 0 && text.ends_with("==")) text.remove_suffix(2);
  if (text.size() % 4 == 0 && text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    bits = bits << 6 | *digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

}  // namespace freshet
