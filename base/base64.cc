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
