// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "serve/api/v1/endpoints.h"
#include "serve/recommend/list.h"
#include "serve/recommend/served_recorder.h"
#include "serve/routing/json.h"

namespace freshet::serve {

/// A page of a list for a user or session.
struct ListPage {
  Audience audience;
  std::size_t k = 0;                      ///< most items on it
  std::vector<std::uint32_t> shown = {};  ///< item_hash() of what is on the pages before, which the list may have too
};

/// A list as JSON. `next`: the token of the page after it; empty if there is none.
ApiResponse list_response(const List& list, std::string_view next = {});

/// Records a page of a list and returns it as JSON. `list` has page.k items that are not on the pages before, if there are
/// so many.
ApiResponse page_response(const EndpointContext& context, const ListPage& page, List list);

}  // namespace freshet::serve
