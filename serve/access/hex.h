#pragma once

#include <boost/url/grammar/hexdig_chars.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::serve {

/// Bytes as lower-case hexadecimal digits.
inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// The bytes again, from digits of either case; nullopt if it is anything else.
inline std::optional<std::string> from_hex(std::string_view text) {
  using boost::urls::grammar::hexdig_value;
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const signed char high = hexdig_value(text[i]), low = hexdig_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace freshet::serve
