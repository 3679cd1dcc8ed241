// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"

namespace freshet::serve {

/// What the next page of a list must know of the pages before it. It is in the answer itself, so every instance can make the
/// next page, whatever has happened meanwhile.
struct PageToken {
  static constexpr std::size_t kMaxShown = 500;

  std::string first;                 ///< id of the list that is the first page
  std::vector<std::uint32_t> shown;  ///< item_hash() of each item on the pages so far, at most kMaxShown

  bool operator==(const PageToken&) const = default;
};

/// What a token has of an item. Of two items one in four billion have the same: a page then leaves one of them out.
std::uint32_t item_hash(std::string_view item);

/// As text for URLs, with checksums of the owner and of everything. The checksums are no secret.
/// REQUIRES: token.first is the id of a List
std::string to_text(const PageToken& token, const Owner& owner);

/// Errors: invalid: not a token, or one of another owner.
Result<PageToken> parse_page_token(std::string_view text, const Owner& owner);

}  // namespace freshet::serve
