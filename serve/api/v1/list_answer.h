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

/// Answers with a page, from a list of at least page.k items that are not on the pages before, if there are so many. Then
/// records what was served.
void answer_with_page(const EndpointContext& context, const ListPage& page, List list, const Respond& respond);

/// Answers with a list for a user or session that has no pages, then records it.
void answer_with_whole(const EndpointContext& context, const Audience& audience, const List& list,
                       const Respond& respond);

}  // namespace freshet::serve
