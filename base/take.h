// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace freshet {

/// Removes `wanted` from the front of `text`. False, and no change, if `text` does not start with it.
inline bool take_char(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

/// Removes a UTF-8 byte order mark from the front of `text`. Returns its length: 0 if there is none.
inline std::size_t take_byte_order_mark(std::string_view& text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (!text.starts_with(kMark)) return 0;
  text.remove_prefix(kMark.size());
  return kMark.size();
}

/// Removes a non-negative decimal number without leading zeros from the front of `text`. False if there is none, or if it
/// does not fit.
template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  if (text.empty() || text.front() == '-' || (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9')) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace freshet
