#pragma once

#include <span>
#include <string>
#include <string_view>

namespace freshet {

/// The one of `known` that a mistyped `word` most likely meant (smallest edit distance), or empty if none is close.
std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace freshet
