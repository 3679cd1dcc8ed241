// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/stage_metrics.h"

namespace freshet::serve {

StageMetrics::StageMetrics(Metrics& metrics, const std::vector<std::string>& filters)
    : proposed_(metrics.counter("freshet_serve_candidates_total",
                                "Distinct candidates of lists: what the parts proposed, or all of a small selection.")),
      returned_(metrics.counter("freshet_serve_returned_items_total", "Items in returned lists.")) {
  constexpr std::array<const char*, 4> kNames{"context", "sources", "scoring", "selection"};
  for (std::size_t stage = 0; stage < kNames.size(); ++stage) {
    seconds_[stage] = &metrics.histogram("freshet_serve_stage_seconds", "Time per list, by stage.",
                                         Metrics::latency_bounds(), {{"stage", kNames[stage]}});
  }
  for (const std::string& filter : filters) {
    removed_.push_back(&metrics.counter(
        "freshet_serve_filtered_items_total",
        "How often an item was passed over, by a part or a list, by the filter that removed it. An item "
        "that three parts would have proposed counts three times.",
        {{"filter", filter}}));
  }
}

}  // namespace freshet::serve
