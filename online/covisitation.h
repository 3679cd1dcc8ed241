#pragma once

#include <memory>

#include "online/options.h"
#include "online/part.h"

namespace freshet::online {

/// "covisitation": how often an item followed another within a session, decayed at several half-lives; bounded rows.
/// Exact over the rows kept (a full row gives up its weakest neighbour).
/// Cost:  observe(): O(window x max_neighbours) at worst; propose() and score(): a few rows.
std::unique_ptr<Part> make_covisitation(const CovisitationOptions& options, std::size_t max_items);

}  // namespace freshet::online
