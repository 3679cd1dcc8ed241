// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// Appends `text` as a JSON string with its quotes. Control characters, '"' and '\' are escaped, everything else is
/// copied: valid UTF-8 stays valid, and no line break is left. At most six bytes for each byte of `text`.
void append_json_text(std::string& out, std::string_view text);

/// The first member that an object within `json` has twice; nullopt if there is none. `decode` makes a text of a name that
/// still has its quotes and escapes.
/// REQUIRES: `json` is valid.
std::optional<std::string> repeated_member(std::string_view json, std::string (*decode)(std::string_view name));

}  // namespace freshet
