// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace freshet {

/// The member of `known` closest to a mistyped `word` by edit distance; empty if none is close.
std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace freshet
