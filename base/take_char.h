#pragma once

#include <string_view>

namespace freshet {

/// Removes `wanted` from the front of `text`. False, and no change, if `text` does not start with it.
inline bool take_char(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace freshet
