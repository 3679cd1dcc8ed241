#pragma once

#include <string>
#include <string_view>

namespace freshet {

/// Appends `text` as a JSON string with its quotes. Control characters, '"' and '\' are escaped, everything else is
/// copied: valid UTF-8 stays valid, and no line break is left. At most six bytes for each byte of `text`.
void append_json_text(std::string& out, std::string_view text);

}  // namespace freshet
