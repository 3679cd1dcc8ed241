// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace freshet {
namespace {

bool is_unsafe(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character || is_unsafe(character->code)) return false;
    text.remove_prefix(character->bytes);
  }
  return true;
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    const std::size_t bytes = character ? character->bytes : 1;
    if (character && !is_unsafe(character->code)) {
      out += text.substr(0, bytes);
    } else {
      std::array<char, 8> escape;
      const auto code = character ? static_cast<unsigned>(character->code) : static_cast<unsigned char>(text[0]);
      std::snprintf(escape.data(), escape.size(), "\\u%04x", code);
      out += escape.data();
    }
    text.remove_prefix(bytes);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    append_printable(out, text.substr(0, end));
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace freshet
