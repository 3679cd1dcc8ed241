// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// What a client sends, shown on a terminal. Unsafe there is what steers the terminal, ends a line or turns the direction
// of text: control characters (C0, DEL, C1), line separators, bidirectional marks, and bytes that are not UTF-8, which
// some terminals take for C1.

/// True if `text` has nothing unsafe.
bool is_printable(std::string_view text);

/// Appends `text` with what is unsafe as "\u001b". JSON remains the same JSON.
void append_printable(std::string& out, std::string_view text);

std::string printable(std::string_view text);

/// For a message of several lines: keeps its line breaks.
std::string printable_lines(std::string_view text);

}  // namespace freshet
