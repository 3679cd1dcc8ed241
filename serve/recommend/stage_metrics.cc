#include "serve/recommend/stage_metrics.h"

namespace freshet::serve {

StageMetrics::StageMetrics(Metrics& metrics, const std::vector<std::string>& components)
    : proposed_(metrics.counter("freshet_serve_candidates_total", "Distinct candidates proposed by the sources.")),
      returned_(metrics.counter("freshet_serve_returned_items_total", "Items in the lists returned.")) {
  constexpr std::array<const char*, 4> kNames{"context", "sources", "scoring", "selection"};
  for (std::size_t stage = 0; stage < kNames.size(); ++stage) {
    seconds_[stage] = &metrics.histogram("freshet_serve_stage_seconds", "Time per stage of the request pipeline.",
                                         Metrics::latency_bounds(), {{"stage", kNames[stage]}});
  }
  for (const std::string& component : components) {
    removed_.push_back(&metrics.counter("freshet_serve_filtered_items_total",
                                        "Candidates that would have been in a list, left out, by filter.",
                                        {{"filter", component}}));
  }
}

}  // namespace freshet::serve
