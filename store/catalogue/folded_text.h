// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace freshet::store {

/// Replaces `out` by `text` with its letters in lower case: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic, each of
/// which is as long in either case. Filters compare texts by this form. Other bytes are copied, invalid UTF-8 included.
void fold_text(std::string_view text, std::string& out);

std::string folded(std::string_view text);

}  // namespace freshet::store
