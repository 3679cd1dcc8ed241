#pragma once

#include <memory>

#include "online/options.h"
#include "online/part.h"

namespace freshet::online {

/// "popularity": exponentially decayed counts at several half-lives. Its own ranking follows the half-life that has lately
/// predicted best, so that it suits a newsroom and a furniture shop alike.
/// Exact: a head list per half-life is kept sorted as counts grow (decay does not change their order).
/// Cost:  observe(): O(half-lives x kHead); propose(): a copy.
std::unique_ptr<Part> make_popularity(const PopularityOptions& options, std::size_t max_items);

}  // namespace freshet::online
