#pragma once

#include <cstddef>
#include <string_view>

namespace freshet::ingest {

/// The text of the value of the member `index`, in the order in which they are written. A parser's values do not say how
/// a number was spelled, or which members were repeated.
/// REQUIRES: `object` is one valid JSON object that has this member
std::string_view member_text(std::string_view object, std::size_t index);

}  // namespace freshet::ingest
