// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace freshet {

struct Utf8Character {
  char32_t code;
  std::size_t bytes;
};

/// The character that `text` begins with; nullopt if it is empty or does not begin with valid UTF-8.
std::optional<Utf8Character> first_character(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace freshet
